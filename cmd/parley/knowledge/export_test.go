package knowledge

import (
	"context"
	"io/fs"

	"parley/store/knowledge"
)

// ReadFiles looks through the files of a folder that is one of the places, wherever they are.
func (r *Reader) ReadFiles(ctx context.Context, folder string, files fs.FS) error {
	return r.visit(ctx, knowledge.Place{Place: folder}, func(v *visit, ctx context.Context) error { return v.readFiles(ctx, files) })
}
