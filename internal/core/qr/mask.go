package qr

// masks tell which modules are turned over, by column and row.
var masks = []func(x, y int) bool{
	func(x, y int) bool { return (x+y)%2 == 0 },
	func(_, y int) bool { return y%2 == 0 },
	func(x, _ int) bool { return x%3 == 0 },
	func(x, y int) bool { return (x+y)%3 == 0 },
	func(x, y int) bool { return (x/3+y/2)%2 == 0 },
	func(x, y int) bool { return x*y%2+x*y%3 == 0 },
	func(x, y int) bool { return (x*y%2+x*y%3)%2 == 0 },
	func(x, y int) bool { return ((x+y)%2+x*y%3)%2 == 0 },
}

// maskBest turns modules over by the mask that gives the code which is easiest to read.
func (c *code) maskBest() {
	best, least := 0, -1
	for i := range masks {
		c.mask(i)
		if p := c.penalty(); least < 0 || p < least {
			best, least = i, p
		}
		c.mask(i)
	}
	c.mask(best)
}

// mask turns modules over, or back.
func (c *code) mask(i int) {
	c.format(i)
	for y := range c.size {
		for x := range c.size {
			if !c.fixed[y][x] && masks[i](x, y) {
				c.dark[y][x] = !c.dark[y][x]
			}
		}
	}
}

// penalty counts what makes a code hard to read (ISO/IEC 18004 §7.8.3.1).
func (c *code) penalty() int {
	n, dark := 0, 0
	for y := range c.size {
		row, column := make([]bool, c.size), make([]bool, c.size)
		for x := range c.size {
			row[x], column[x] = c.dark[y][x], c.dark[x][y]
			if c.dark[y][x] {
				dark++
			}
			if x > 0 && y > 0 && c.dark[y][x] == c.dark[y-1][x] && c.dark[y][x] == c.dark[y][x-1] && c.dark[y][x] == c.dark[y-1][x-1] {
				n += 3
			}
		}
		n += runs(row) + runs(column) + finders(row) + finders(column)
	}
	total := c.size * c.size
	return n + abs(20*dark-10*total)/total*10
}

// runs counts modules in a row of one colour, from five on.
func runs(line []bool) int {
	n, length := 0, 0
	for i := range line {
		if i > 0 && line[i] == line[i-1] {
			length++
		} else {
			length = 1
		}
		switch {
		case length == 5:
			n += 3
		case length > 5:
			n++
		}
	}
	return n
}

// finders counts what looks like a finder pattern beside light modules.
func finders(line []bool) int {
	n := 0
	word := 0
	for i, dark := range line {
		word = word << 1 & 0x7FF
		if dark {
			word |= 1
		}
		if i >= 10 && (word == 0b10111010000 || word == 0b00001011101) {
			n += 40
		}
	}
	return n
}
