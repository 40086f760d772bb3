package app

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
	"unicode/utf8"

	"parley/store"
)

// readFolder reads the text files of a folder and its subfolders, such as /srv/faq. Each file becomes one page, whose
// address is the path within the folder. Hidden files are skipped, and symbolic links never lead out of the folder.
//
// It records in v.present each page that still exists; the caller removes the other stored pages. A file that
// can't be read is reported to admins (v.note), and its stored page is kept.
func (v *visit) readFolder(ctx context.Context) error {
	root, err := os.OpenRoot(v.place.Place)
	if err != nil {
		v.note("The folder can't be opened by the process that looked: " + fileReason(err))
		return nil
	}
	defer func() { _ = root.Close() }()
	return v.readFiles(ctx, root.FS())
}

// textExtensions returns the extensions of the files that are read.
func textExtensions() []string { return []string{".md", ".markdown", ".txt", ".html", ".htm"} }

// readFiles walks the folder and reads each text file.
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

		isText := slices.Contains(textExtensions(), strings.ToLower(path.Ext(name)))
		if isHidden || !isText || !entry.Type().IsRegular() {
			return nil
		}
		if len(v.present) >= maxPages {
			v.note(fmt.Sprintf("Only %d pages are read.", maxPages))
			return fs.SkipAll
		}
		if !utf8.ValidString(name) {
			v.note(name + " is left out: its name is no UTF-8.")
			return nil
		}

		return v.readFile(ctx, files, name, entry)
	})
}

// readFile stores one file as a page, unless its size and modification time are those of the stored page. Only the
// first maxPageBytes of a file are read.
func (v *visit) readFile(ctx context.Context, files fs.FS, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		v.keepUnreadable(name, err)
		return nil
	}

	version := fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
	if v.known[name].ETag == version {
		v.present = append(v.present, name)
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

	title := strings.TrimSuffix(path.Base(name), path.Ext(name))
	text := decodeText(raw, "")
	if strings.HasPrefix(strings.ToLower(path.Ext(name)), ".htm") {
		var named string
		named, text = readHTML(text)
		title = cmp.Or(named, title)
	}

	return v.keep(ctx, store.KnowledgePage{Address: name, ETag: version}, title, text)
}

// keepUnreadable reports a file or folder that can't be read. The pages that were stored from it are kept, unless it
// no longer exists.
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

// fileReason returns the cause of a file error without the path, such as "permission denied".
func fileReason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return err.Error()
}
