package proxy_test

import (
	"fmt"
	"net"
	"syscall"
	"testing"
)

// alive tells how often a connection gives signs of life.
func alive(t *testing.T, c net.Conn) string {
	t.Helper()
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		t.Fatalf("a connection of type %T", c)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var on, seconds int
	var failed error
	err = raw.Control(func(fd uintptr) {
		if on, failed = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE); failed == nil {
			seconds, failed = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL)
		}
	})
	switch {
	case err != nil || failed != nil:
		t.Fatal(err, failed)
	case on == 0:
		return "off"
	}
	return fmt.Sprintf("every %ds", seconds)
}
