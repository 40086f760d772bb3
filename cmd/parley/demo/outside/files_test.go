package outside

import (
	"bytes"
	"fmt"
	"image/png"
	"testing"
)

// The cross-reference table of a PDF leads to each of its objects, and what stands in parentheses is escaped.
func TestOnePagePDF(t *testing.T) {
	t.Parallel()
	doc := onePagePDF("a (b) \\c", "second")
	table := bytes.LastIndex(doc, []byte("xref\n0 6\n"))
	if table < 0 || !bytes.HasSuffix(doc, fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", table)) {
		t.Fatalf("no cross-reference table where it should be:\n%s", doc)
	}
	const head, objects = 3, 5 // lines of the table: xref, the range, the free object; then an object each
	for n, line := range bytes.Split(doc[table:], []byte("\n"))[head : head+objects] {
		var at int
		if _, err := fmt.Sscanf(string(line), "%d", &at); err != nil || !bytes.HasPrefix(doc[at:], fmt.Appendf(nil, "%d 0 obj\n", n+1)) {
			t.Errorf("object %d is not at %s", n+1, line)
		}
	}
	if !bytes.Contains(doc, []byte(`(a \(b\) \\c) Tj`)) {
		t.Errorf("parentheses and backslashes are not escaped:\n%s", doc)
	}
}

func TestMugPicture(t *testing.T) {
	t.Parallel()
	img, err := png.Decode(bytes.NewReader(MugPicture()))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Dx(); got != 480 {
		t.Errorf("width: got %d, want 480", got)
	}
}
