// Package cli is the command line: one file per command, and one table of options (options.go) that
// flags, environment variables and the configuration file share.
package cli
