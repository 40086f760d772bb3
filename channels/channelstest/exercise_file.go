package channelstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/channels"
)

// This part of the suite checks files that agents send: they are sent together with their text, and files
// that exceed the channel's limits or can't be read are refused.

// sampleOf returns a sample file of a kind. Its name, type and first bytes match, because providers check them.
func sampleOf(kind channels.FileKind) (name, contentType string, content []byte) {
	switch kind {
	case channels.FileImage:
		return "picture.jpg", "image/jpeg", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00picture")
	case channels.FileVideo:
		return "film.mp4", "video/mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isomfilm")
	case channels.FileAudio:
		return "song.mp3", "audio/mpeg", []byte("ID3\x03\x00\x00\x00\x00\x00\x00song")
	default:
		return "plan.pdf", "application/pdf", []byte("%PDF-1.4\nplan")
	}
}

// sampleFile returns a sample file, padded with zeros to a size in bytes. 0 means no padding.
func (s Stage) sampleFile(t *testing.T, kind channels.FileKind, size int64) channels.File {
	t.Helper()
	name, contentType, content := sampleOf(kind)
	if size > 0 {
		content = append(content, make([]byte, size-int64(len(content)))...)
	}
	return s.newFile(t, name, contentType, content, nil)
}

// newFile returns a file with this content. If err isn't nil, opening it and linking to it fail with err.
func (s Stage) newFile(t *testing.T, name, contentType string, content []byte, err error) channels.File {
	f := channels.File{Name: name, ContentType: contentType, SizeBytes: int64(len(content))}
	f.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), err }
	f.Link = func() (string, error) {
		if err != nil {
			return "", err
		}
		if s.Serve != nil {
			return s.Serve(t, name, contentType, content), nil
		}

		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(content)
		}))

		t.Cleanup(srv.Close)
		return srv.URL + "/" + name, nil
	}

	return f
}

// exerciseFiles checks that a text is sent with three files, or with fewer if the channel declares fewer. A
// message with a file that can't be read must not be sent at all, not even its text.
func exerciseFiles(t *testing.T, h Harness) {
	s := h.New(t)
	caps := s.Channel.Capabilities()
	kind := channels.FileDocument
	_, allowsDocuments := caps.Files.Limits[kind]
	if len(caps.Files.Limits) > 0 && !allowsDocuments {
		kind = channels.FileImage
	}

	const someFiles = 3
	o := s.Outbound(1, "with files")
	for range min(caps.Files.PerMessage, someFiles) {
		o.Files = append(o.Files, s.sampleFile(t, kind, 0))
	}

	if len(o.Files) > 0 {
		s.mustSend(t, o)
		if got := s.Got(t); !strings.Contains(strings.Join(got, "\n"), "with files") {
			t.Errorf("the customer got %q", got)
		}
	}

	o = s.Outbound(2, "unreadable")
	name, contentType, _ := sampleOf(kind)
	o.Files = []channels.File{s.newFile(t, name, contentType, nil, errors.New("gone"))}
	_, err := s.Channel.Send(contextFor(t, patience), o)
	if err == nil || channels.ClassOf(err) == channels.Ambiguous {
		t.Errorf("a file that can't be read is certain not to be sent: %v", err)
	}

	for _, text := range s.Got(t) {
		if strings.Contains(text, "unreadable") {
			t.Error("sent without its file")
		}
	}
}

// exerciseFileLimits checks that a file of each kind is sent up to its size limit, and refused beyond it.
func exerciseFileLimits(t *testing.T, h Harness) {
	caps := h.New(t).Channel.Capabilities()
	if caps.Files.PerMessage == 0 || len(caps.Files.Limits) == 0 {
		t.Skip("not declared")
	}

	for _, kind := range []channels.FileKind{channels.FileImage, channels.FileVideo, channels.FileAudio, channels.FileDocument} {
		s := h.New(t)
		limit, ok := caps.Files.Limits[kind]
		o := s.Outbound(1, "small")
		o.Files = []channels.File{s.sampleFile(t, kind, 0)}
		if ok {
			s.mustSend(t, o)
			o = s.Outbound(2, "large")
			o.Files = []channels.File{s.sampleFile(t, kind, min(limit, caps.Files.MaxBytes)+1)}
		}

		s.mustRefuse(t, fmt.Sprintf("%s of %d bytes, limit %d", kind, o.Files[0].SizeBytes, limit), o, channels.BadContent)
	}
}

// mustRefuse checks that sending a message fails with a class and that it doesn't reach the customer.
func (s Stage) mustRefuse(t *testing.T, what string, o channels.Outbound, want channels.Class) {
	t.Helper()
	before := len(s.Got(t))
	_, err := s.Channel.Send(contextFor(t, patience), o)
	wantClass(t, what, err, want)
	if got := s.Got(t); len(got) != before {
		t.Errorf("%s was refused, and the customer got %q", what, got[before:])
	}
}
