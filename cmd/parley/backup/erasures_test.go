package backup_test

import (
	"bytes"
	"os"
	"testing"

	"parley/cmd/parley/backup"
	"parley/store/erase"
)

// Somebody has copied the list by hand, without the end of its last line, or as an editor writes it. It can be read, also after the
// next erasure was added.
func TestErasuresOfACopiedList(t *testing.T) {
	t.Parallel()
	const id = "6f0d8c1e-3b5a-4c7d-9e2f-1a2b3c4d5e6f"
	const nextID = "7f0d8c1e-3b5a-4c7d-9e2f-1a2b3c4d5e6f"
	for _, tt := range []struct {
		name string
		edit func(list []byte) []byte
	}{
		{name: "no newline at the end", edit: func(list []byte) []byte { return bytes.TrimSpace(list) }},
		{name: "a byte order mark", edit: func(list []byte) []byte { return append([]byte("\ufeff"), list...) }},
		{name: "lines of Windows", edit: func(list []byte) []byte { return bytes.ReplaceAll(list, []byte("\n"), []byte("\r\n")) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list := backup.ErasuresIn(t.TempDir())
			check(t, list.Add(erase.Record{Erasure: id}))
			check(t, os.WriteFile(list.Path, tt.edit(must(os.ReadFile(list.Path))(t)), 0o600))

			check(t, list.Add(erase.Record{Erasure: nextID}))
			records := must(list.Read())(t)
			if len(records) != 2 || records[0].Erasure != id || records[1].Erasure != nextID {
				t.Errorf("the list has %+v, want both erasures", records)
			}
		})
	}
}
