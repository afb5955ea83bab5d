package machine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"packer.test/tester/fault"
)

// artifact is a finished machine.
type artifact struct {
	config Config
	faults fault.Faults
	data   map[string]interface{}
	files  []string
}

// BuilderId says who made it.
func (a *artifact) BuilderId() string { return "packer.test.machine" }

// Files are all on the disk, in order.
func (a *artifact) Files() []string { return a.files }

// Id is the machine's.
func (a *artifact) Id() string { return a.config.MachineID }

// String is for people.
func (a *artifact) String() string {
	return fmt.Sprintf("A machine on %s with %d files", a.config.Disk, len(a.files))
}

// State has a value of every kind, and `big` of any size.
func (a *artifact) State(name string) interface{} {
	a.faults.Must("state")
	switch name {
	case "generated_data":
		return a.data
	case "text":
		return "words"
	case "number":
		return 42
	case "negative":
		return int64(-1) << 40
	case "fraction":
		return 2.5
	case "yes":
		return true
	case "bytes":
		return []byte{0, 1, 254, 255}
	case "list":
		return []string{"a", "b"}
	case "nested":
		inner := map[string]interface{}{"list": []interface{}{1, "two", nil, []int{3}}, "yes": true}
		return map[string]interface{}{"inner": inner, "nothing": nil, "": map[string]string{"k": "v"}}
	case "big":
		return a.big()
	default:
		return nil
	}
}

// big is a map of kibibyte texts.
func (a *artifact) big() map[string]string {
	size, _ := fault.ParseSize(a.config.StateSize) // Prepare has seen that it can be read.
	kibibyte := strings.Repeat("big state. ", 94)[:1024]
	state := make(map[string]string, size/1024)
	for i := int64(0); i < size/1024; i++ {
		state[fmt.Sprintf("key%08d", i)] = kibibyte
	}
	return state
}

// Destroy removes the disk.
func (a *artifact) Destroy() error {
	if err := a.faults.At("destroy"); err != nil {
		return err
	}
	return os.RemoveAll(a.config.Disk)
}

// filesBelow lists the regular files of a folder.
func filesBelow(root string) ([]string, error) {
	files := []string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}
