"""What `davctl doctor` does: clients' first requests to a DAV server, and in words what is wrong with the answers."""
