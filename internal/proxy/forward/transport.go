package forward

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/proxy/certificate"
)

// transport is how requests get to the upstream.
func transport(u *Upstream) (*http.Transport, error) {
	config, err := certificate.Client(u.CA, u.Certificate)
	if err != nil {
		return nil, err
	}
	config.InsecureSkipVerify = u.SkipVerify
	alive := u.Timeouts.KeepAlive
	dialer := &net.Dialer{Timeout: u.Timeouts.Dial, KeepAlive: -1, KeepAliveConfig: net.KeepAliveConfig{Enable: alive > 0, Idle: alive, Interval: alive}}
	t := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: config, TLSHandshakeTimeout: u.Timeouts.TLS,
		ResponseHeaderTimeout: u.Timeouts.Header, ExpectContinueTimeout: u.Timeouts.Continue, DisableKeepAlives: !u.KeepAlive,
		MaxIdleConns: u.MaxIdle, MaxIdleConnsPerHost: u.MaxIdleHost, DisableCompression: true}
	if u.URL.Scheme == "unix" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", u.URL.Path)
		}
	}
	return t, nil
}

// buffers are what bodies are copied with.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func (b *buffers) Get() []byte {
	if one, ok := b.pool.Get().(*[]byte); ok {
		return *one
	}
	return make([]byte, bufferSize)
}

func (b *buffers) Put(one []byte) { b.pool.Put(&one) }
