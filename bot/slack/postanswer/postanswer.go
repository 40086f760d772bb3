// Package postanswer shortens Slack's answers to posts before slack-go decodes them. Slack repeats the whole message in each answer;
// Parley reads a few fields of it, and slack-go would decode it block by block.
//
// What does not belong here: what the answers mean.
package postanswer

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxBytes is the size from which on an answer is not shortened.
const maxBytes = 1 << 20

// answer has the fields that Parley reads of the answer to a post. slack-go finds all other fields empty: a field that is to be read
// must be added here.
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
	rest := r.Body // what was not read yet
	if err != nil {
		// A body that broke off is passed on with its error behind what was read.
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

// shortenBody returns a successful answer with only the fields of answer. Every other body is returned as it is.
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
