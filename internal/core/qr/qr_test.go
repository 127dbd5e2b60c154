package qr

import (
	"bytes"
	"errors"
	"image/png"
	"strings"
	"testing"
)

// The example of ISO/IEC 18004 annex I.
func TestRemainder(t *testing.T) {
	data := []byte{0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11}
	want := []byte{0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55}
	if got := remainder(data, generator(len(want))); !bytes.Equal(got, want) {
		t.Errorf("% X, want % X", got, want)
	}
}

// Each version holds what the standard says (table 7, level M, bytes).
func TestCapacity(t *testing.T) {
	for version, want := range map[int]int{1: 14, 5: 84, 7: 122, 9: 180, 10: 213, 14: 362, 20: 666} {
		overhead := 2
		if version > 9 {
			overhead = 3
		}
		if got := dataLength(version) - overhead; got != want {
			t.Errorf("version %d holds %d, want %d", version, got, want)
		}
	}
}

func TestPNG(t *testing.T) {
	for length, modules := range map[int]int{1: 21, 14: 21, 15: 25, 122: 45, 213: 57, 666: 97} {
		drawn, err := PNG(strings.Repeat("x", length), 3)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(drawn))
		if err != nil || img.Bounds().Dx() != 3*(modules+8) {
			t.Errorf("%d bytes: %v, %v", length, img.Bounds(), err)
		}
	}
	if _, err := PNG(strings.Repeat("x", 667), 3); !errors.Is(err, ErrTooLong) {
		t.Errorf("%v", err)
	}
}
