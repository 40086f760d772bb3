package slack

import (
	"testing"

	"parley/bridge"
)

// toldFile is a file as Slack describes it, and what Parley keeps of it.
type toldFile struct {
	name string
	file string
	want bridge.SurfaceFile
}

// toldFiles are files of all kinds.
func toldFiles() []toldFile {
	return []toldFile{
		{
			name: "in Slack",
			file: `{
				"id": "F1", "name": "a.pdf", "mimetype": "application/pdf", "size": 9, "mode": "hosted",
				"url_private": "https://files.slack.com/p", "url_private_download": "https://files.slack.com/d"
			}`,
			want: bridge.SurfaceFile{
				ID: "F1", Name: "a.pdf", ContentType: "application/pdf", SizeBytes: 9, URL: "https://files.slack.com/d",
			},
		},
		{
			name: "elsewhere",
			file: `{"id": "F2", "name": "b", "mode": "external", "is_external": true, "url_private": "https://drive.test/b"}`,
			want: bridge.SurfaceFile{ID: "F2", Name: "b", Unavailable: "external link"},
		},
		{
			name: "hidden",
			file: `{"id": "F3", "mode": "hidden_by_limit"}`,
			want: bridge.SurfaceFile{ID: "F3", Name: "file-F3", Unavailable: "hidden by the limit of the Slack plan"},
		},
		{
			name: "deleted",
			file: `{"id": "F4", "mode": "tombstone"}`,
			want: bridge.SurfaceFile{ID: "F4", Name: "file-F4", Unavailable: "deleted"},
		},
		{
			name: "of which Slack has to be asked",
			file: `{"id": "F5", "mode": "hosted", "file_access": "check_file_info"}`,
			want: bridge.SurfaceFile{ID: "F5", Name: "file-F5"},
		},
		{
			name: "canvas",
			file: `{"id": "F6", "name": "-", "title": "Prices", "mode": "quip", "size": 9, "url_private": "https://files.slack.com/c"}`,
			want: bridge.SurfaceFile{
				ID: "F6", Name: "Prices", SizeBytes: 9, Unavailable: "a Slack canvas or list, which only Slack can show",
			},
		},
		{
			name: "list",
			file: `{"id": "F7", "name": "-", "mode": "hosted", "mimetype": "application/vnd.slack-list"}`,
			want: bridge.SurfaceFile{
				ID: "F7", Name: "file-F7", ContentType: "application/vnd.slack-list",
				Unavailable: "a Slack canvas or list, which only Slack can show",
			},
		},
		{
			name: "canvas, told by its type alone",
			file: `{"id": "F8", "mode": "hosted", "mimetype": "application/vnd.slack-docs"}`,
			want: bridge.SurfaceFile{
				ID: "F8", Name: "file-F8", ContentType: "application/vnd.slack-docs",
				Unavailable: "a Slack canvas or list, which only Slack can show",
			},
		},
		{
			name: "gone",
			file: `{"id": "F9", "file_access": "file_not_found"}`,
			want: bridge.SurfaceFile{ID: "F9", Name: "file-F9", Unavailable: "no access"},
		},
	}
}

// Parley keeps where a file can be read, or why it can't.
func TestDecodeFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range toldFiles() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, a := oneAction(t, msg(`"subtype":"file_share","user":"UANN","files":[`+tt.file+`],`, ""))
			if len(a.Files) != 1 {
				t.Fatalf("got %d files, want one: %+v", len(a.Files), a.Files)
			}
			wantEqual(t, "file", a.Files[0], tt.want)
		})
	}
}
