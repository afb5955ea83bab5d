package machine

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// intoFolder is the target of a folder's copy: the folder goes in by its name, or only its contents with a final slash.
func intoFolder(dst string, src string) string {
	if strings.HasSuffix(src, "/") {
		return dst
	}
	return filepath.Join(dst, filepath.Base(src))
}

// copyFolder copies all but the names left out.
func copyFolder(dst string, src string, exclude []string) error {
	return filepath.WalkDir(src, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		target := filepath.Join(dst, name)
		switch {
		case slices.Contains(exclude, name) && entry.IsDir():
			return filepath.SkipDir
		case slices.Contains(exclude, name):
			return nil
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		default:
			return copyFile(target, path)
		}
	})
}

// copyFile copies one file with its mode.
func copyFile(dst string, src string) error {
	file, err := os.Open(src)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return writeFile(dst, file, info.Mode().Perm())
}

// writeFile writes all of a reader to a path.
func writeFile(path string, content io.Reader, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, content); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
