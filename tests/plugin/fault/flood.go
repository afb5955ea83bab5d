package fault

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// ballast is the memory that was asked to be kept.
var ballast [][]byte

// flood writes many lines to stderr.
func (fault Fault) flood() error {
	size, err := fault.size("1MiB")
	if err != nil {
		return err
	}
	line := strings.Repeat("flood ", 20) + "\n"
	return pour(os.Stderr, []byte(line), size)
}

// spill writes one endless line to stdout.
func (fault Fault) spill() error {
	size, err := fault.size("1MiB")
	if err != nil {
		return err
	}
	return pour(os.Stdout, []byte{0xff, 0x00, 'x', '|'}, size)
}

// bloat takes memory and touches each page, so that it counts.
func (fault Fault) bloat() error {
	size, err := fault.size("64MiB")
	if err != nil {
		return err
	}
	block := make([]byte, size)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	ballast = append(ballast, block)
	return nil
}

// pour writes a pattern over and over.
func pour(to io.Writer, pattern []byte, size int64) error {
	chunk := bytes.Repeat(pattern, 64*1024/len(pattern))
	for size > 0 {
		chunk = chunk[:min(int64(len(chunk)), size)]
		if _, err := to.Write(chunk); err != nil {
			return err
		}
		size -= int64(len(chunk))
	}
	return nil
}

// ParseSize reads `10`, `4KiB`, `64MiB`, `2GiB`.
func ParseSize(text string) (int64, error) {
	number, shift := text, 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if rest, found := strings.CutSuffix(text, unit); found {
			number, shift = rest, bits
		}
	}
	size, err := strconv.ParseInt(number, 10, 64)
	if err != nil || size < 0 {
		return 0, fmt.Errorf("%q is no size", text)
	}
	return size << shift, nil
}
