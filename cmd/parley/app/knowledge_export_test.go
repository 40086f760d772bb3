package app

import (
	"context"
	"io/fs"

	"parley/store"
)

// ReadFiles looks through the files of a folder that is one of the places, wherever they are.
func (r *Reader) ReadFiles(ctx context.Context, folder string, files fs.FS) error {
	v := &visit{r: r, place: store.KnowledgePlace{Place: folder}, present: []string{}}
	return v.visitBy(ctx, func(ctx context.Context) error { return v.readFiles(ctx, files) })
}
