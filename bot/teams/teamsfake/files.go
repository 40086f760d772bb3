package teamsfake

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// keepFile stores a person's file in the channel's document library, or a pasted picture as
// hosted content. Caller holds s.mu.
func (s *Server) keepFile(place string, in NewFile) *File {
	kind, _, _ := strings.Cut(http.DetectContentType(in.Data), ";")
	f := &File{ID: s.guid("file"), Name: in.Name, Type: cmp.Or(in.Type, kind), Size: int64(len(in.Data)), Image: in.Image, Data: in.Data}
	f.URL = s.imageURL(f)
	if !f.Image {
		f.URL = s.libraryURL(place) + "/" + url.PathEscape(f.Name)
	}
	s.files[f.ID] = f
	s.note(Change{Kind: "file", ID: f.ID, Channel: place})
	return f
}

// libraryURL is the address of a channel's folder in SharePoint, or of a person's OneDrive.
func (s *Server) libraryURL(place string) string {
	ch := s.channels[place]
	if ch == nil || ch.person != "" {
		return s.url + "/sharepoint/personal/Documents/Microsoft%20Teams%20Chat%20Files"
	}
	return s.url + "/sharepoint/sites/" + s.teams[ch.Team].GroupID[:8] + "/Shared%20Documents/" + url.PathEscape(ch.Name)
}

// imageURL is where the bot gets a pasted picture with its token.
func (s *Server) imageURL(f *File) string {
	return s.serviceURL() + "v3/attachments/" + f.ID + "/views/original"
}

// downloadURL is a short-lived address that needs no token.
func (s *Server) downloadURL(f *File) string {
	return s.url + "/download/" + f.ID + "?tempauth=" + hash("download", f.ID)[:24]
}

// File returns a file by its id, or nil. The bytes are in Data.
func (s *Server) File(id string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[id]; f != nil {
		c := *f
		return &c
	}
	return nil
}

// Files lists all files and pictures, in no order.
func (s *Server) Files() []*File {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []*File{}
	for _, f := range s.files {
		c := *f
		out = append(out, &c)
	}
	return out
}
