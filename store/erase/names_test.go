package erase_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// People may call a file as the bytes of another one are called here: by its SHA-256.

// nameFile gives a customer's message by chat a file of that name, of which nothing is stored.
func (p person) nameFile(t *testing.T, pool *pgxpool.Pool, name string) {
	t.Helper()
	exec(t, pool, `UPDATE messages SET files = jsonb_build_array(jsonb_build_object('name', $2::text, 'size', 1)) WHERE id = $1`,
		p.first+14, name)
}

// Whoever calls a file so gets no copy of another customer's.
func TestExportHasNoFileOfThatName(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	zebra().nameFile(t, pool, otter().nameOf("file")+".pdf")
	for _, file := range must(erase.Export(t.Context(), pool, []store.ContactID{zebra().contact()}))(t).Files {
		if file.Blob == otter().nameOf("file") {
			t.Errorf("the copy for zebra has otter's file as %s", file.Path)
		}
	}
}

// Another customer who calls a file so doesn't keep a file from being erased.
func TestEraseFileDespiteName(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	otter().nameFile(t, pool, zebra().nameOf("upload")+".png")
	runWithChats(t, o, beginErasure(t, o, zebra()))
	if n := storetest.Row(t, pool, `SELECT count(*) FROM blobs WHERE hash = $1`, zebra().nameOf("upload")); n != "(0)" {
		t.Error("the file that an agent sent to zebra is still stored")
	}
}
