package qr

// code is a symbol: its modules by row and column, and which of them are patterns rather than data.
type code struct {
	version, size int
	dark, fixed   [][]bool
}

func newCode(version int) *code {
	c := &code{version: version, size: 17 + 4*version}
	for range c.size {
		c.dark = append(c.dark, make([]bool, c.size))
		c.fixed = append(c.fixed, make([]bool, c.size))
	}
	for i := range c.size {
		c.set(6, i, i%2 == 0)
		c.set(i, 6, i%2 == 0)
	}
	c.finder(3, 3)
	c.finder(c.size-4, 3)
	c.finder(3, c.size-4)
	at := c.alignments()
	last := len(at) - 1
	for i, x := range at {
		for j, y := range at {
			if corner := i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0; !corner {
				c.alignment(x, y)
			}
		}
	}
	c.format(0) // to keep its place
	c.versions()
	return c
}

// set draws a module of a pattern.
func (c *code) set(x, y int, dark bool) { c.dark[y][x], c.fixed[y][x] = dark, true }

func (c *code) finder(x, y int) {
	for dy := -4; dy <= 4; dy++ {
		for dx := -4; dx <= 4; dx++ {
			distance := max(abs(dx), abs(dy))
			if xx, yy := x+dx, y+dy; xx >= 0 && xx < c.size && yy >= 0 && yy < c.size {
				c.set(xx, yy, distance != 2 && distance != 4)
			}
		}
	}
}

func (c *code) alignment(x, y int) {
	for dy := -2; dy <= 2; dy++ {
		for dx := -2; dx <= 2; dx++ {
			c.set(x+dx, y+dy, max(abs(dx), abs(dy)) != 1)
		}
	}
}

// alignments are where the centres of alignment patterns are, along either axis.
func (c *code) alignments() []int {
	if c.version == 1 {
		return nil
	}
	n := c.version/7 + 2
	step := (c.version*8 + n*3 + 5) / (n*4 - 4) * 2
	at := make([]int, n)
	at[0] = 6
	for i, position := n-1, c.size-7; i >= 1; i, position = i-1, position-step {
		at[i] = position
	}
	return at
}

// format draws the level of error correction, M, and the mask twice.
func (c *code) format(mask int) {
	const levelM = 0
	value := levelM<<3 | mask
	rest := value
	for range 10 {
		rest = rest<<1 ^ rest>>9*0x537
	}
	word := (value<<10 | rest) ^ 0x5412
	bit := func(i int) bool { return word>>i&1 == 1 }
	for i := range 6 {
		c.set(8, i, bit(i))
	}
	c.set(8, 7, bit(6))
	c.set(8, 8, bit(7))
	c.set(7, 8, bit(8))
	for i := 9; i < 15; i++ {
		c.set(14-i, 8, bit(i))
	}
	for i := range 8 {
		c.set(c.size-1-i, 8, bit(i))
	}
	for i := 8; i < 15; i++ {
		c.set(8, c.size-15+i, bit(i))
	}
	c.set(8, c.size-8, true)
}

// versions draws the version twice, where it is 7 or more.
func (c *code) versions() {
	if c.version < 7 {
		return
	}
	rest := c.version
	for range 12 {
		rest = rest<<1 ^ rest>>11*0x1F25
	}
	word := c.version<<12 | rest
	for i := range 18 {
		a, b, dark := c.size-11+i%3, i/3, word>>i&1 == 1
		c.set(a, b, dark)
		c.set(b, a, dark)
	}
}

// place draws the codewords in columns of two, up and down from the lower right.
func (c *code) place(words []byte) {
	i := 0
	for right := c.size - 1; right >= 1; right -= 2 {
		if right == 6 {
			right = 5
		}
		for vertical := range c.size {
			for j := range 2 {
				x, y := right-j, vertical
				if (right+1)&2 == 0 {
					y = c.size - 1 - vertical
				}
				if !c.fixed[y][x] && i < 8*len(words) {
					c.dark[y][x] = words[i/8]>>(7-i%8)&1 == 1
					i++
				}
			}
		}
	}
}

func abs(n int) int { return max(n, -n) }
