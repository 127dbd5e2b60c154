// Package qr draws texts as QR codes (ISO/IEC 18004), for authenticator apps to scan: bytes, with error
// correction of level M, which survives the loss of 15%.
package qr

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
)

// ErrTooLong says that a text does not fit into the largest code drawn here, which holds 666 bytes.
var ErrTooLong = errors.New("the text is too long for a QR code")

// By version, from 1: error correction codewords of each block, and blocks (ISO/IEC 18004 table 9, level M).
var (
	checkLength = []int{10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26}
	blockCount  = []int{1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16}
)

// PNG draws a text, each module as scale×scale pixels, within the quiet zone of four modules.
func PNG(text string, scale int) ([]byte, error) {
	c, err := encode(text)
	if err != nil {
		return nil, err
	}
	const quiet = 4
	side := (c.size + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if mx, my := x/scale-quiet, y/scale-quiet; mx >= 0 && my >= 0 && mx < c.size && my < c.size && c.dark[my][mx] {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	err = png.Encode(&out, img)
	return out.Bytes(), err
}

// encode draws the code with the smallest version and the best mask.
func encode(text string) (*code, error) {
	for version := 1; version <= len(blockCount); version++ {
		lengthBits := 8
		if version > 9 {
			lengthBits = 16
		}
		capacity := dataLength(version)
		if 4+lengthBits+8*len(text) > 8*capacity {
			continue
		}
		c := newCode(version)
		c.place(interleave(version, data(text, lengthBits, capacity)))
		c.maskBest()
		return c, nil
	}
	return nil, ErrTooLong
}

// rawLength is how many codewords a version holds.
func rawLength(version int) int {
	modules := (16*version+128)*version + 64
	if version >= 2 {
		n := version/7 + 2
		modules -= (25*n-10)*n - 55
		if version >= 7 {
			modules -= 36
		}
	}
	return modules / 8
}

func dataLength(version int) int {
	return rawLength(version) - checkLength[version-1]*blockCount[version-1]
}

// data are the codewords of a text in byte mode, padded to a length.
func data(text string, lengthBits, length int) []byte {
	var b bits
	b.add(0b0100, 4)
	b.add(len(text), lengthBits)
	for i := range len(text) {
		b.add(int(text[i]), 8)
	}
	b.add(0, min(4, 8*length-b.n)) // terminator
	b.add(0, (8-b.n%8)%8)
	for pad := 0xEC; b.n < 8*length; pad ^= 0xEC ^ 0x11 {
		b.add(pad, 8)
	}
	return b.bytes
}

// bits is a string of bits.
type bits struct {
	bytes []byte
	n     int
}

func (b *bits) add(value, count int) {
	for i := count - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		b.bytes[b.n/8] |= byte(value>>i&1) << (7 - b.n%8)
		b.n++
	}
}

// interleave splits data into blocks, and mixes them with their error correction. The last blocks are a codeword
// longer where it does not come out even.
func interleave(version int, data []byte) []byte {
	count, check := blockCount[version-1], checkLength[version-1]
	short, long := len(data)/count, len(data)%count
	divisor := generator(check)
	var blocks, checks [][]byte
	for i := range count {
		n := short
		if i >= count-long {
			n++
		}
		blocks = append(blocks, data[:n])
		checks = append(checks, remainder(data[:n], divisor))
		data = data[n:]
	}
	var out []byte
	for i := range short + 1 {
		for _, b := range blocks {
			if i < len(b) {
				out = append(out, b[i])
			}
		}
	}
	for i := range check {
		for _, c := range checks {
			out = append(out, c[i])
		}
	}
	return out
}

// times multiplies in GF(2⁸) modulo x⁸+x⁴+x³+x²+1.
func times(a, b byte) byte {
	product := 0
	for i := 7; i >= 0; i-- {
		product = product<<1 ^ product>>7*0x11D
		product ^= int(b>>i&1) * int(a)
	}
	return byte(product)
}

// generator is the Reed-Solomon generator polynomial of a degree, without its leading 1.
func generator(degree int) []byte {
	out := make([]byte, degree)
	out[degree-1] = 1
	root := byte(1)
	for range degree {
		for j := range out {
			out[j] = times(out[j], root)
			if j+1 < degree {
				out[j] ^= out[j+1]
			}
		}
		root = times(root, 2)
	}
	return out
}

// remainder is the error correction of data.
func remainder(data, divisor []byte) []byte {
	out := make([]byte, len(divisor))
	for _, b := range data {
		factor := b ^ out[0]
		copy(out, out[1:])
		out[len(out)-1] = 0
		for i := range out {
			out[i] ^= times(divisor[i], factor)
		}
	}
	return out
}
