package openai

import (
	"strings"
	"testing"
)

// Addresses are understood as people type them: with and without a scheme, a version, and the path of the API.
func TestParseBase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typed string
		want  string
	}{
		// OpenAI itself.
		{typed: "", want: "https://api.openai.com/v1"},
		{typed: "https://api.openai.com", want: "https://api.openai.com/v1"},
		{typed: "https://api.openai.com/v1/", want: "https://api.openai.com/v1"},

		// Servers on this machine and in its network, without encryption.
		{typed: " HTTP://LocalHost:11434/ ", want: "http://localhost:11434/v1"},
		{typed: "localhost:11434", want: "http://localhost:11434/v1"},
		{typed: "127.0.0.1:8000/v1", want: "http://127.0.0.1:8000/v1"},
		{typed: "192.168.1.5:1234/v1/", want: "http://192.168.1.5:1234/v1"},
		{typed: "[::1]:8080", want: "http://[::1]:8080/v1"},
		{typed: "[fd00::5]:8080", want: "http://[fd00::5]:8080/v1"},
		{typed: "[2001:db8::5]:8080", want: "https://[2001:db8::5]:8080/v1"},
		{typed: "ollama", want: "http://ollama/v1"},

		// Servers elsewhere, and their paths.
		{typed: "openrouter.ai/api/v1", want: "https://openrouter.ai/api/v1"},
		{typed: "https://api.groq.com/openai", want: "https://api.groq.com/openai/v1"},
		{typed: "https://h.example/v1/chat/completions/", want: "https://h.example/v1"},
		{typed: "https://h.example/v1//", want: "https://h.example/v1"},
		{
			typed: "https://generativelanguage.googleapis.com/v1beta/openai/",
			want:  "https://generativelanguage.googleapis.com/v1beta/openai",
		},
	}
	for _, tt := range tests {
		t.Run(tt.typed, func(t *testing.T) {
			got, host, err := parseBase(tt.typed)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("parseBase(%q) = %q, want %q", tt.typed, got, tt.want)
			}
			if host.Path != "" {
				t.Errorf("parseBase(%q): the host %v has a path, want none", tt.typed, host)
			}
		})
	}
}

// A text that isn't an address or has a secret in it is refused. The error doesn't show the secret.
func TestParseBaseRefuses(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"ftp://h.example",
		"https://",
		"http://%zz",
		"https://user:secret@h.example",
		"https://h.example/v1?key=secret",
	} {
		got, _, err := parseBase(typed)
		if err == nil {
			t.Errorf("parseBase(%q) = %q, want an error", typed, got)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("parseBase(%q): the error shows the secret: %v", typed, err)
		}
	}
}
