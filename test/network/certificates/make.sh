#!/bin/sh
# Makes the certificates of the tests anew: an authority that a client may trust, and what it has signed. The keys guard
# nothing; the authority's own is thrown away.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl ecparam -name prime256v1 -genkey -noout -out key.pem
openssl ecparam -name prime256v1 -genkey -noout -out "$work/authority.key"
openssl req -x509 -new -key "$work/authority.key" -subj '/CN=Authority of the tests' -days 36500 -out authority.pem
openssl req -x509 -new -key key.pem -subj '/CN=localhost' -days 36500 \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -out self-signed.pem

# name, alternative names, first day, last day
sign() {
  : >"$work/index"
  openssl req -new -key key.pem -subj "/CN=$1" -out "$work/request"
  printf '[ca]\ndefault_ca=it\n[it]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nx509_extensions=names\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=%s\n' \
    "$work" "$work" "$2" >"$work/config"
  openssl ca -batch -notext -config "$work/config" -cert authority.pem -keyfile "$work/authority.key" \
    -startdate "$3" -enddate "$4" -in "$work/request" -out "$1.pem"
}
sign good DNS:localhost,IP:127.0.0.1 20200101000000Z 21200101000000Z
sign expired DNS:localhost,IP:127.0.0.1 20200101000000Z 20210101000000Z
sign wrong-host DNS:elsewhere.invalid 20200101000000Z 21200101000000Z
