package server

import (
	"log/slog"
	"net/netip"
	"time"
)

// Config is everything a server is told when it starts. The zero value serves plain HTTP nowhere: a
// caller that only wants Handler needs no more than Database.
type Config struct {
	Development bool // start-dev: plain HTTP is fine, and private addresses may be fetched from
	Listen      Listen
	Public      Public
	Proxy       Proxy
	Database    Database
	Management  Management
	Bootstrap   Bootstrap
	Import      string // directory (or file) of realm files to import at start; none where empty
	FetchAny    bool   // --fetch-allow-private: keys of clients and providers may come from private addresses

	Log *slog.Logger     // slog.Default() where nil
	Now func() time.Time // time.Now where nil
}

// Listen is where the server answers.
type Listen struct {
	Host        string // address to bind; every one where empty
	HTTP        bool   // plain HTTP is served
	HTTPPort    int
	HTTPSPort   int    // TLS is served where Certificate is set
	Certificate string // PEM file with the chain
	Key         string // PEM file with the private key
}

// Public is how callers reach the server.
type Public struct {
	Hostname string // full URL, or host with or without port; empty: what the request names
	Path     string // --http-relative-path, as "/auth"; "/" or empty for none
}

// Proxy is what the server believes of the proxies before it.
type Proxy struct {
	Headers string         // "forwarded" (RFC 7239), "xforwarded", or empty for neither
	Trusted []netip.Prefix // proxies whose headers count; any where empty
}

// Database is where everything is kept.
type Database struct {
	URL       string // "sqlite:PATH" or "postgres://…"; SQLite in memory where empty
	MasterKey string // base64 of 32 bytes; seals private keys and client secrets
	KeyFile   string // file with the master key; for SQLite made beside the database where absent
}

// Management is the port for operators.
type Management struct {
	Host    string
	Port    int
	Health  bool // /health is served
	Metrics bool // /metrics is served
}

// Bootstrap is the first administrator, made in the master realm when nobody is there yet.
type Bootstrap struct {
	Username, Password     string
	ClientID, ClientSecret string
}
