// Package brief reduces Slack's answers to posts to the little that Parley reads of them. Slack repeats the whole message in
// each answer, which slack-go would decode block by block.
//
// What does not belong here: what the answers mean.
package brief

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxBytes is the size from which an answer is passed on as it is.
const maxBytes = 1 << 20

// answer is what is read of the answer to a post. A field that isn't here is empty for whoever calls slack-go: add it here first.
type answer struct {
	OK       bool            `json:"ok"`
	Channel  string          `json:"channel"`
	TS       string          `json:"ts"`
	Message  message         `json:"message"`
	Warning  string          `json:"warning,omitempty"`
	Metadata json.RawMessage `json:"response_metadata,omitempty"`
}

type message struct {
	TS       string `json:"ts,omitempty"`
	ThreadTS string `json:"thread_ts,omitempty"`
	User     string `json:"user,omitempty"`
	BotID    string `json:"bot_id,omitempty"`
}

// Shorten reduces the answer to a successful post or change of a post to what Parley reads. Every other answer stays
// as it is.
func Shorten(r *http.Response) {
	path := r.Request.URL.Path
	isAboutPost := strings.HasSuffix(path, "/chat.postMessage") || strings.HasSuffix(path, "/chat.update")
	if r.StatusCode != http.StatusOK || !isAboutPost {
		return
	}

	body, err := io.ReadAll(io.LimitReader(r.Body, maxBytes))
	rest := r.Body // what is longer than maxBytes
	if err != nil {
		rest = brokenBody{Closer: r.Body, err: err}
	}

	isWhole := err == nil && len(body) < maxBytes
	if isWhole {
		body = shortenBody(body)
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}

	r.Body = readCloser{Reader: io.MultiReader(bytes.NewReader(body), rest), Closer: rest}
}

// shortenBody returns what Parley reads of an answer. An answer that isn't a success stays as it is.
func shortenBody(body []byte) []byte {
	var a answer
	if json.Unmarshal(body, &a) != nil || !a.OK {
		return body
	}
	short, err := json.Marshal(a)
	if err != nil {
		return body
	}
	return short
}

// brokenBody is a body whose reading fails with the error that ended the original body.
type brokenBody struct {
	io.Closer
	err error
}

// Read implements io.Reader.
func (b brokenBody) Read([]byte) (int, error) { return 0, b.err }

type readCloser struct {
	io.Reader
	io.Closer
}
