package emulator

import (
	"context"
	"errors"
	"net/http"
)

// Verb does what a driver in another process asks for, and returns what is answered besides ok.
type Verb func(context.Context) (map[string]any, error)

// Try makes a Verb that answers nothing but an error.
func Try(f func() error) Verb {
	return func(context.Context) (map[string]any, error) { return nil, f() }
}

// Done makes a Verb that always succeeds.
func Done(f func()) Verb {
	return func(context.Context) (map[string]any, error) { f(); return nil, nil }
}

// RunVerb runs the verb that a request names ({verb} in its path), of those that list returns for its body.
func RunVerb[A any](w http.ResponseWriter, r *http.Request, list func(A) map[string]Verb) {
	var body A
	if !DecodeJSON(w, r, &body) {
		return
	}
	run, ok := list(body)[r.PathValue("verb")]
	if !ok {
		writeError(w, http.StatusNotFound, errors.New("unknown verb "+r.PathValue("verb")))
		return
	}
	out, err := run(r.Context())
	WriteResult(w, out, err)
}
