// Package docs has the documentation, which the settings site shows.
package docs

import "embed"

// Files are the pages, such as email.md.
//
//go:embed *.md
var Files embed.FS
