// Package server wires the parts of Tokenhouse together and runs them: configuration, listeners,
// health, metrics, and an orderly start and stop. It is the only package that knows all others.
package server
