// Package fault makes a component fail on demand.
//
// A fault is written `KIND:METHOD` or `KIND:METHOD:ARGUMENT`. Components take a list of them as `faults` in their
// config; the environment variable TESTER_FAULTS has more, with commas between, for what comes before any config. A
// method may have the component's name before it (`crash:machine.run`), which tells apart the processes that share one
// environment.
//
// Methods: `describe` and `start` (before the handshake), `spec`, `prepare`, `run`, `provision`, `configure`,
// `postprocess`, `outputspec`, `execute`, `cancel` (on hearing that the run is cancelled), `state` and `destroy` of an
// artifact, and of the communicator of `machine`: `command`, `upload`, `download`, `uploaddir`, `downloaddir`.
//
// Kinds:
//
//	crash[:STATUS]   words on stderr, then exit with the status (3)
//	panic[:TEXT]     a Go panic with its stack
//	error[:TEXT]     the method returns an error (where it can; otherwise a panic)
//	hang             the method never returns
//	slow[:TIME]      it returns late (1s)
//	flood[:SIZE]     lines on stderr (1MiB)
//	spill[:SIZE]     bytes without a line end on stdout (1MiB)
//	line[:TEXT]      one line on stdout; at `start` it stands before the handshake
//	bloat[:SIZE]     memory is taken and kept (64MiB)
//	child            a process is started and left behind
//	garbage[:SIZE]   bytes of no meaning on the connection (4KiB)
//	halfclose        the connection is closed for writing; the method never returns
//	close            the connection is closed; the method never returns
package fault

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// methods are all places where a fault can be.
var methods = []string{
	"describe", "start", "spec", "prepare", "run", "provision", "configure", "postprocess", "outputspec", "execute",
	"cancel", "state", "destroy", "command", "upload", "download", "uploaddir", "downloaddir",
}

// Config is the part of every component's config that asks for faults.
type Config struct {
	Faults []string `mapstructure:"faults"`
}

// Fault is one thing to do wrong.
type Fault struct {
	kind, method, argument string
}

// Faults are those of one component.
type Faults struct {
	component string
	list      []Fault
}

// For is what the environment and the config ask of a component; it complains of faults that are none.
func For(component string, config Config) (Faults, error) {
	faults := Faults{component: component}
	for _, text := range append(fromEnvironment(), config.Faults...) {
		fault, err := parse(text)
		if err != nil {
			return faults, err
		}
		faults.list = append(faults.list, fault)
	}
	return faults, nil
}

// Unconfigured is what the environment alone asks of a component, which is all there is before a config.
func Unconfigured(component string) Faults {
	faults, err := For(component, Config{})
	if err != nil {
		panic(err)
	}
	return faults
}

// At does all that is asked for a method, in order, and returns the error that is asked for.
func (faults Faults) At(method string) error {
	for _, fault := range faults.list {
		if fault.method != method && fault.method != faults.component+"."+method {
			continue
		}
		if err := fault.strike(); err != nil {
			return err
		}
	}
	return nil
}

// Must is At for methods that can return no error.
func (faults Faults) Must(method string) {
	if err := faults.At(method); err != nil {
		panic(err)
	}
}

// fromEnvironment are the faults of TESTER_FAULTS.
func fromEnvironment() []string {
	text := os.Getenv("TESTER_FAULTS")
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// parse reads `KIND:METHOD[:ARGUMENT]`.
func parse(text string) (Fault, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 2 || kinds[parts[0]] == nil {
		return Fault{}, fmt.Errorf("%q is no fault: KIND:METHOD[:ARGUMENT] is asked for", text)
	}
	if method := parts[1][strings.Index(parts[1], ".")+1:]; !slices.Contains(methods, method) {
		return Fault{}, fmt.Errorf("%q is no fault: there is no method %q", text, method)
	}
	fault := Fault{kind: parts[0], method: parts[1]}
	if len(parts) == 3 {
		fault.argument = parts[2]
	}
	return fault, nil
}
