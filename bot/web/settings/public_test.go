package settings

import "testing"

// A provider can call only an https address that isn't this machine's or a private network's.
func TestIsPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"":                                    false,
		"https://help.acme.test/hooks/wa":     true,
		"https://203.0.113.7/hooks/wa":        true,
		"http://help.acme.test/hooks/wa":      false,
		"http://127.0.0.1:25847/hooks/wa":     false,
		"https://localhost:8080/hooks/wa":     false,
		"https://192.168.1.20/hooks/wa":       false,
		"https://[::1]:8080/hooks/wa":         false,
		"https://help.acme.test:443/hooks/wa": true,
	} {
		if got := isPublic(address); got != want {
			t.Errorf("isPublic(%q) = %t, want %t", address, got, want)
		}
	}
}
