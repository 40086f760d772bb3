package channels

import (
	"maps"
	"testing"

	"parley/channels/golden"
)

func TestParseFileLimits(t *testing.T) {
	t.Parallel()
	got, err := ParseFileLimits("image 3MB, Document 10 mb,video 500KB, audio 0, image 5MB")
	if err != nil {
		t.Fatal(err)
	}
	if want := (FileLimits{FileImage: 5 << 20, FileDocument: 10 << 20, FileVideo: 500 << 10, FileAudio: 0}); !maps.Equal(got, want) {
		t.Errorf("limits: got %v, want %v", got, want)
	}
	for _, s := range []string{
		"", "image", "5MB", "picture 5MB", "image 5GB", "image -1", "image 1 0 MB", "image 5MB,",
		"image 99999999999999999999",
	} {
		if got, err := ParseFileLimits(s); err == nil {
			t.Errorf("%q was read as %v, want an error", s, got)
		}
	}
}

func FuzzParseFileLimits(f *testing.F) {
	f.Add("image 5MB, document 10 mb")
	for _, s := range golden.Seeds() {
		f.Add(s)
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, s string) {
		golden.CheckRepeated(t, m, s, func(s string) { _, _ = ParseFileLimits(s) })
		limits, err := ParseFileLimits(s)
		for kind, size := range limits {
			if err != nil || size < 0 || kind == "" {
				t.Fatalf("%q was read as %q of %d bytes and the error %v, want limits or an error", s, kind, size, err)
			}
		}
	})
}
