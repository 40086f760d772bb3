package channels

import (
	"maps"
	"testing"

	"parley/channels/budget"
)

func TestParseFileLimits(t *testing.T) {
	t.Parallel()
	got, err := ParseFileLimits("image 5MB, Document 10 mb,video 500KB, audio 0")
	want := FileLimits{FileImage: 5 << 20, FileDocument: 10 << 20, FileVideo: 500 << 10, FileAudio: 0}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []string{"", "image", "5MB", "picture 5MB", "image 5GB", "image -1", "image 5MB,", "image 99999999999999999999"} {
		if got, err := ParseFileLimits(s); err == nil {
			t.Errorf("%q gave %v", s, got)
		}
	}
	for bytes, want := range map[int64]string{5 << 20: "5 MB", 5<<20 + 1<<19: "5.5 MB", 500 << 10: "500 KB", 12: "12 bytes"} {
		if got := SizeWords(bytes); got != want {
			t.Errorf("%d is %q, want %q", bytes, got, want)
		}
	}
}

func FuzzParseFileLimits(f *testing.F) {
	f.Add("image 5MB, document 10 mb")
	for _, s := range budget.Seeds() {
		f.Add(s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, s string) {
		budget.CheckRepeated(t, m, s, func(s string) { _, _ = ParseFileLimits(s) })
		limits, err := ParseFileLimits(s)
		for kind, size := range limits {
			if err != nil || size < 0 || kind == "" {
				t.Fatalf("%q: %s %d, %v", s, kind, size, err)
			}
		}
	})
}
