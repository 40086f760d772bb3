package knowledge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"parley/store/knowledge"
)

// readFolder reads the files of a folder and of those below it. It follows no links that lead out of it.
func (v *visit) readFolder(ctx context.Context) error {
	root, err := os.OpenRoot(v.place.Place)
	if err != nil {
		v.note("The folder can't be opened by the process that looked: " + fileReason(err))
		return nil
	}
	defer func() { _ = root.Close() }()
	return v.readFiles(ctx, root.FS())
}

// readFiles reads the files of the place's folder.
func (v *visit) readFiles(ctx context.Context, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			v.keepUnreadable(name, err)
			return nil
		}

		isHidden := name != "." && strings.HasPrefix(entry.Name(), ".")
		if isHidden && entry.IsDir() {
			return fs.SkipDir
		}

		isText := slices.Contains([]string{".md", ".markdown", ".txt", ".html", ".htm"}, strings.ToLower(path.Ext(name)))
		if isHidden || !isText || !entry.Type().IsRegular() {
			return nil
		}
		if err := v.checkRoom(); err != nil {
			return err
		}
		if !v.canKeep(name) {
			v.note(name + " is left out: its name is too long, or is no UTF-8.")
			return nil
		}

		return v.readFile(ctx, files, name, entry)
	})
}

// readFile reads one file, unless it has the size and time that it had when it was last read. It reads at most maxPageBytes.
func (v *visit) readFile(ctx context.Context, files fs.FS, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		v.keepUnreadable(name, err)
		return nil
	}

	mark := fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
	if v.known[name].ETag == mark {
		v.present = append(v.present, name)
		v.bytes += int(min(info.Size(), maxPageBytes))
		return nil
	}

	f, err := files.Open(name)
	if err != nil {
		v.keepUnreadable(name, err)
		return nil
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxPageBytes))
	if err != nil {
		v.keepUnreadable(name, err)
		return nil
	}

	v.present = append(v.present, name)
	v.bytes += len(raw)
	title := strings.TrimSuffix(path.Base(name), path.Ext(name))
	text := clean(string(raw))
	if strings.HasPrefix(strings.ToLower(path.Ext(name)), ".htm") {
		d := readHTML(text)
		text = d.text
		title = cmp.Or(d.title, title)
	}

	return v.keep(ctx, knowledge.Page{Address: name, ETag: mark}, title, text)
}

// keepUnreadable notes that a file or a folder can't be read. What was read of it before is kept, unless it is gone.
func (v *visit) keepUnreadable(name string, err error) {
	v.note(name + " can't be read: " + fileReason(err))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	for known := range v.known {
		if known == name || name == "." || strings.HasPrefix(known, name+"/") {
			v.present = append(v.present, known)
		}
	}
}

// fileReason says why a file can't be read, without its path.
func fileReason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return err.Error()
}

// clean leaves out what PostgreSQL refuses in texts: bytes that are no UTF-8, and NUL.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }
