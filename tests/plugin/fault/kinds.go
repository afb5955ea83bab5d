package fault

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// kinds says what each kind of fault does.
var kinds map[string]func(Fault) error

// Set at start, as `parse` asks for the names and `strike` for the deeds.
func init() {
	kinds = map[string]func(Fault) error{
		"crash":     Fault.crash,
		"panic":     func(fault Fault) error { panic(fault.or("asked to panic in " + fault.method)) },
		"error":     func(fault Fault) error { return errors.New(fault.or("asked to fail in " + fault.method)) },
		"hang":      func(Fault) error { return hang() },
		"slow":      Fault.slow,
		"flood":     Fault.flood,
		"spill":     Fault.spill,
		"line":      Fault.line,
		"bloat":     Fault.bloat,
		"child":     func(Fault) error { return exec.Command("sleep", "600").Start() },
		"garbage":   Fault.garbage,
		"halfclose": func(Fault) error { return hangAfter(stopWriting) },
		"close":     func(Fault) error { return hangAfter(stopTalking) },
	}
}

// strike does what the fault says.
func (fault Fault) strike() error {
	return kinds[fault.kind](fault)
}

// or is the argument, or what it is where none is given.
func (fault Fault) or(otherwise string) string {
	if fault.argument == "" {
		return otherwise
	}
	return fault.argument
}

// size is the argument as a number of bytes.
func (fault Fault) size(otherwise string) (int64, error) {
	return ParseSize(fault.or(otherwise))
}

// crash ends the process with last words.
func (fault Fault) crash() error {
	status, err := strconv.Atoi(fault.or("3"))
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "about to crash in %s\nlast words of the tester\n", fault.method)
	os.Exit(status)
	return nil
}

// slow waits.
func (fault Fault) slow() error {
	wait, err := time.ParseDuration(fault.or("1s"))
	if err != nil {
		return err
	}
	time.Sleep(wait)
	return nil
}

// line writes one line to stdout.
func (fault Fault) line() error {
	_, err := fmt.Println(fault.or("a line nobody asked for"))
	return err
}

// hang never returns.
func hang() error {
	for {
		time.Sleep(time.Hour)
	}
}

// hangAfter does a thing that the caller is not to see the end of.
func hangAfter(do func() error) error {
	if err := do(); err != nil {
		return err
	}
	return hang()
}
