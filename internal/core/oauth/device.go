package oauth

// DeviceCode is the grant type of devices without a browser (RFC 8628 §3.4).
const DeviceCode GrantType = "urn:ietf:params:oauth:grant-type:device_code"

// The codes of RFC 8628 §3.5.
const (
	AuthorizationPending Code = "authorization_pending"
	SlowDown             Code = "slow_down"
	ExpiredToken         Code = "expired_token"
)
