package slack

import (
	"cmp"
	"encoding/json"
	"time"

	"parley/bot/shape"
	"parley/bot/slack/blockkit"
	"parley/bridge"
	"parley/channels"
)

// uploadProgress is the state of sending a customer's files to Slack. That takes several attempts: the files are
// uploaded, and then Slack is asked to show them in a thread, which it does later and only once. Between attempts the
// engine stores the state as JSON: {"ids":["F1"],"refused":[{"name":"setup.exe","bytes":9,"why":"…"}]}.
type uploadProgress struct {
	IDs     []string      `json:"ids"`              // the uploaded files
	Titles  []string      `json:"titles,omitempty"` // their names, in the same order
	Refused []refusedFile `json:"refused,omitempty"`
	AskedAt time.Time     `json:"asked,omitzero"`   // when Slack was asked to show them
	IsTaken bool          `json:"taken,omitempty"`  // Slack has accepted the request to show them
	Thread  string        `json:"thread,omitempty"` // the requested thread
	Failed  int           `json:"failed,omitempty"` // how many uploads have failed
	IsLost  bool          `json:"lost,omitempty"`   // Slack showed them outside of the thread, so they must be uploaded again
}

// refusedFile is a file that Slack refuses, with a reason that agents can read. It is identified by name and size, not
// by its index, because a file may be inserted before it between two attempts.
type refusedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Why   string `json:"why"`
}

// storedProgress returns the state after the earlier attempts, or the zero state before the first one.
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
		return "" // can't happen: these types can always be encoded
	}
	return string(raw)
}

// whyRefused returns why Slack refused a file, or "" if it didn't refuse it.
func (u uploadProgress) whyRefused(f channels.File) string {
	for _, r := range u.Refused {
		if r.Name == blockkit.FileName(f.Name) && r.Bytes == f.SizeBytes {
			return r.Why
		}
	}
	return ""
}

// refuse records that Slack refuses a file. If a reason is recorded already, it is kept.
func (u *uploadProgress) refuse(f channels.File, why string) {
	if u.whyRefused(f) == "" {
		u.Refused = append(u.Refused, refusedFile{Name: blockkit.FileName(f.Name), Bytes: f.SizeBytes, Why: why})
	}
}

// isAcceptable reports whether the size of a file is within Slack's limits. Other files are only named.
func isAcceptable(f channels.File) bool { return f.SizeBytes > 0 && f.SizeBytes <= maxFileBytes }

// fileNames returns the names of files for agents. A name has a suffix if Slack doesn't show the file: "a.exe (…)".
func fileNames(files []channels.File, progress uploadProgress) []string {
	names := make([]string, 0, len(files))
	for _, f := range files {
		name := shape.OneLine(blockkit.FileName(f.Name), shape.MaxNameRunes)
		if why := cmp.Or(progress.whyRefused(f), whyNotAcceptable(f)); why != "" {
			name += " (" + why + ")"
		}
		names = append(names, name)
	}
	return names
}

// whyNotAcceptable returns why a file isn't acceptable, or "".
func whyNotAcceptable(f channels.File) string {
	const maxFileText = "1 GB" // maxFileBytes as text
	switch {
	case f.SizeBytes <= 0:
		return "0 bytes"
	case !isAcceptable(f):
		return "larger than the " + maxFileText + " that Slack takes"
	}
	return ""
}
