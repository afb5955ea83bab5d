package transform

import (
	"os"

	"packer.test/tester/fault"
)

// artifact is the file that was made.
type artifact struct {
	path   string
	id     string
	faults fault.Faults
}

// BuilderId says who made it.
func (a *artifact) BuilderId() string { return "packer.test.transform" }

// Files is the one file.
func (a *artifact) Files() []string { return []string{a.path} }

// Id tells what it was made of.
func (a *artifact) Id() string { return "transformed-" + a.id }

// String is for people.
func (a *artifact) String() string { return "A transformed artifact in " + a.path }

// State has nothing to tell.
func (a *artifact) State(string) interface{} {
	a.faults.Must("state")
	return nil
}

// Destroy removes the file.
func (a *artifact) Destroy() error {
	if err := a.faults.At("destroy"); err != nil {
		return err
	}
	return os.Remove(a.path)
}
