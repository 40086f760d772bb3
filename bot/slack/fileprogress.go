package slack

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/slack/blockkit"
	"parley/bridge"
	"parley/channels"
)

// uploadProgress is the state of a post of files. It is kept as JSON in the post's Progress between attempts and
// parts. It has the ids of files that are uploaded but not shown yet, and the files that Slack refused.
type uploadProgress struct {
	IDs     []string      `json:"ids"`
	Titles  []string      `json:"titles,omitempty"` // of the files with these ids
	Refused []refusedFile `json:"refused,omitempty"`
	AskedAt time.Time     `json:"asked,omitzero"`   // when Slack was asked to show them, which it does later and only once
	IsTaken bool          `json:"taken,omitempty"`  // Slack has answered that it shows them
	Thread  string        `json:"thread,omitempty"` // in which Slack was asked to show them; "" if an older version did
	Failed  int           `json:"failed,omitempty"` // how often a file could not be uploaded
	IsLost  bool          `json:"lost,omitempty"`   // Slack showed them at top level: they have to be uploaded anew
}

// refusedFile is a file that this workspace doesn't take, with the reason for people. It is identified by name and
// size rather than by its position among the files, because another file may have been added before it.
type refusedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Why   string `json:"why"`
}

// storedProgress returns the state that earlier parts and attempts have left, or a zero one.
func storedProgress(p bridge.Post) uploadProgress {
	var progress uploadProgress
	if err := json.Unmarshal([]byte(p.Progress), &progress); err != nil {
		return uploadProgress{}
	}
	return progress
}

func (u uploadProgress) encode() string {
	raw, err := json.Marshal(u)
	if err != nil {
		return "" // texts and a time can always be encoded
	}
	return string(raw)
}

// whyRefused returns why Slack refused a file, or "" if it didn't.
func (u uploadProgress) whyRefused(f channels.File) string {
	for _, r := range u.Refused {
		if r.Name == fileName(f) && r.Bytes == f.SizeBytes {
			return r.Why
		}
	}
	return ""
}

// refuse notes that Slack refuses a file. The first reason counts.
func (u *uploadProgress) refuse(f channels.File, why string) {
	if u.whyRefused(f) == "" {
		u.Refused = append(u.Refused, refusedFile{Name: fileName(f), Bytes: f.SizeBytes, Why: why})
	}
}

// isAcceptable reports whether Slack accepts a file of this size. A post only names the others.
func isAcceptable(f channels.File) bool { return f.SizeBytes > 0 && f.SizeBytes <= maxFileBytes }

// fileNames lists files as people read them, with a remark on those that Slack doesn't take.
func fileNames(files []channels.File, progress uploadProgress) []string {
	names := make([]string, 0, len(files))
	for _, f := range files {
		name := shape.OneLine(fileName(f), shape.MaxNameRunes)
		if why := cmp.Or(progress.whyRefused(f), whyNotAcceptable(f)); why != "" {
			name += " (" + why + ")"
		}
		names = append(names, name)
	}
	return names
}

// whyNotAcceptable says why no workspace takes a file, or returns "" if it may take it.
func whyNotAcceptable(f channels.File) string {
	const maxFileText = "1 GB" // maxFileBytes in words
	switch {
	case f.SizeBytes <= 0:
		return "0 bytes"
	case !isAcceptable(f):
		return "larger than the " + maxFileText + " that Slack takes"
	}
	return ""
}

// fileName is a file's name in Slack: "a/b.pdf" becomes "a_b.pdf".
func fileName(f channels.File) string {
	return cmp.Or(blockkit.FileName(strings.NewReplacer("/", "_", `\`, "_").Replace(f.Name)), "file")
}
