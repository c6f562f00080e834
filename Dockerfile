# An image that contains only the static binaries:
#
#     docker build -t rcfssl .
#     docker run --rm -i -u "$(id -u):$(id -g)" -v "$PWD:/work" rcfssl gencert -initca ca-csr.json
#
# They are identical to the output of dist/build.sh with the same Rust on any machine.
FROM rust:1.95-bookworm AS build
WORKDIR /rcfssl
COPY . .
RUN target="$(uname -m)-unknown-linux-musl" \
    && sh dist/build.sh --out out/image "$target" \
    && mkdir -p /image/usr/bin /image/etc/ssl/certs /image/work \
    && cp "out/image/$target/rcfssl" "out/image/$target/rcfssljson" /image/usr/bin/ \
    && ln -s rcfssl /image/usr/bin/cfssl \
    && ln -s rcfssljson /image/usr/bin/cfssljson \
    && cp out/image/*/THIRD-PARTY LICENSE-MIT LICENSE-APACHE /image/usr/ \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/

FROM scratch
# The root certificates are for bundle and scan.
COPY --from=build /image /
ENV PATH=/usr/bin
WORKDIR /work
# A number, because there is no /etc/passwd.
USER 65532:65532
ENTRYPOINT ["rcfssl"]
CMD ["-h"]
