"""The rules of this house, which no RFC asks for: see CONTRIBUTING.md."""
