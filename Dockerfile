# A server to try things on: docs/run-in-production.md#container.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/tokenhouse ./cmd/tokenhouse \
 && mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/tokenhouse /usr/local/bin/tokenhouse
COPY --from=build --chown=nonroot:nonroot /out/data /data
USER nonroot
WORKDIR /data
VOLUME /data
EXPOSE 8080 8443 9000
ENTRYPOINT ["/usr/local/bin/tokenhouse"]
CMD ["start"]
