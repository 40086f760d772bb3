package outside

import (
	"bytes"
	"fmt"
	"image/png"
	"testing"
)

func TestOnePagePDF(t *testing.T) {
	t.Parallel()
	doc := onePagePDF("a (b) \\c", "second")
	table := bytes.LastIndex(doc, []byte("xref\n0 6\n"))
	if table < 0 || !bytes.HasSuffix(doc, fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", table)) {
		t.Fatalf("no cross-reference table where it should be:\n%s", doc)
	}
	for n, line := range bytes.Split(doc[table:], []byte("\n"))[3:8] {
		var at int
		if _, err := fmt.Sscanf(string(line), "%d", &at); err != nil || !bytes.HasPrefix(doc[at:], fmt.Appendf(nil, "%d 0 obj\n", n+1)) {
			t.Errorf("object %d is not at %s", n+1, line)
		}
	}
	if !bytes.Contains(doc, []byte(`(a \(b\) \\c) Tj`)) {
		t.Error("text is not escaped")
	}
}

func TestMugPicture(t *testing.T) {
	t.Parallel()
	img, err := png.Decode(bytes.NewReader(MugPicture()))
	if err != nil || img.Bounds().Dx() != 480 {
		t.Fatalf("%v %v", img, err)
	}
}
