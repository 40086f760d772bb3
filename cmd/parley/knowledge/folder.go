package knowledge

import (
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

// folder reads the files of a folder and of those below it. Links that lead out of it are not followed.
func (v *visit) folder(ctx context.Context) error {
	root, err := os.OpenRoot(v.place.Place)
	if err != nil {
		v.note("The folder can't be opened by the process that looked: " + reason(err))
		return nil
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			v.note(name + " can't be read: " + reason(err))
			return nil
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular() || !slices.Contains([]string{".md", ".markdown", ".txt", ".html", ".htm"}, strings.ToLower(path.Ext(name))):
			return nil
		}
		if err := v.room(); err != nil {
			return err
		}
		return v.file(ctx, root, name, entry)
	})
}

// file reads one file, unless it is as it was.
func (v *visit) file(ctx context.Context, root *os.Root, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		v.note(name + " can't be read: " + reason(err))
		return nil
	}
	mark := fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
	if v.known[name].ETag == mark {
		v.there, v.bytes = append(v.there, name), v.bytes+int(info.Size())
		return nil
	}
	f, err := root.Open(name)
	if err != nil {
		v.note(name + " can't be read: " + reason(err))
		return nil
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, mostBytes))
	if err != nil {
		v.note(name + " can't be read: " + reason(err))
		return nil
	}
	v.there, v.bytes = append(v.there, name), v.bytes+len(raw)
	title, text := strings.TrimSuffix(path.Base(name), path.Ext(name)), clean(string(raw))
	if strings.HasPrefix(strings.ToLower(path.Ext(name)), ".htm") {
		d := readHTML(text)
		text = d.text
		if d.title != "" {
			title = d.title
		}
	}
	return v.keep(ctx, knowledge.Page{Address: name, ETag: mark}, title, text)
}

// reason says why a file can't be read, without its path.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

// clean leaves out what PostgreSQL refuses in texts.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
