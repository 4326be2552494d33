#!/bin/sh
# Puts a certificate that certbot has got where davd may read it, and tells davd:
#
#   certbot certonly --standalone --domain dav.example.org --deploy-hook /etc/davd/certbot-hook
#
# davd then has:
#
#   [net]
#   certificates = "/etc/davd/certificates"
#
# certbot names the certificate's folder in RENEWED_LINEAGE. DAVD_CERTIFICATES and DAVD_OWNER say otherwise than below.
set -eu

folder=${DAVD_CERTIFICATES:-/etc/davd/certificates}
owner=${DAVD_OWNER:-davd}
name=$(basename "$RENEWED_LINEAGE")

# Under other names first, so that what davd finds is whole. Should it look between the two moves, it finds that they do
# not belong together, and stays with those that it has.
install -o "$owner" -g "$owner" -m 0600 "$RENEWED_LINEAGE/privkey.pem" "$folder/$name.key.new"
install -o "$owner" -g "$owner" -m 0644 "$RENEWED_LINEAGE/fullchain.pem" "$folder/$name.pem.new"
mv "$folder/$name.key.new" "$folder/$name.key"
mv "$folder/$name.pem.new" "$folder/$name.pem"

# The service may not be there yet when the first certificate comes.
if systemctl --quiet is-active davd 2>/dev/null; then
    systemctl reload davd
fi
