package broker

// The HTTP status of pages, and of the way to a provider.
const (
	seeOther    = 303
	badRequest  = 400
	notFound    = 404
	conflict    = 409
	serverError = 500
	badGateway  = 502
)
