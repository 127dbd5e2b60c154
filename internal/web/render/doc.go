// Package render writes responses: JSON, redirects, and the only table of what an error is answered
// with. Handlers return their errors; Answer makes http handlers of them.
package render
