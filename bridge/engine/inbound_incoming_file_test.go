package engine

import (
	"testing"

	"parley/store"
)

// The name that a provider tells with a file counts more than the one that its channel invented.
func TestNameOfAFetchedFile(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]string{
		"invoice.pdf": "invoice.pdf",
		"a\x00b.pdf":  "ab.pdf",
		" ":           "document-1.pdf",
		"":            "document-1.pdf",
	} {
		ref := store.FileRef{Name: "document-1.pdf"}
		noteResult(&ref, Fact{FetchedFile: FetchedFile{Name: told, Blob: "b"}})
		if ref.Name != want {
			t.Errorf("told %q: got %q, want %q", told, ref.Name, want)
		}
	}
}
