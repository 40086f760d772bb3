package teams

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// shownFile is how agents see a file in Teams.
type shownFile struct {
	picture bool // it is shown as a picture
	link    bool // a link leads to it
	reason  bool // a text says why it isn't there, or not in its original form
}

// publicURL is the address below which links to files lead. Without a public address of Parley's there are no links.
const publicURL = "https://parley.test/files/"

// showFile posts one file in the thread, and returns how agents see it there.
func (w *world) showFile(f channels.File) (shown shownFile) {
	w.t.Helper()
	before := len(w.fake.Thread(w.channel, w.root))
	p := w.newPost(bridge.PostFiles, f.Name)
	p.Files = []channels.File{f}
	w.mustSendAll(p)
	posted := w.fake.Thread(w.channel, w.root)[before:]
	if len(posted) == 0 {
		w.t.Fatalf("nothing is posted of %s", f.Name)
	}
	wantWords(w.t, posted[0].Text, f.Name)
	for _, m := range posted {
		isWholePicture := len(m.Pictures) == 1 && m.NotShown == ""
		hasReason := strings.Contains(m.Text, "PARLEY_PUBLIC_URL") || strings.Contains(m.Text, "(0 bytes)")
		shown.picture = shown.picture || isWholePicture
		shown.link = shown.link || strings.Contains(m.HTML, `href="`+publicURL+f.Name)
		shown.reason = shown.reason || hasReason
	}
	return shown
}

// customerFile is a file that a customer may send.
type customerFile struct {
	name        string
	contentType string
	data        []byte
}

// checkShown posts each file without a link and then with one, and checks how agents see it.
func checkShown(t *testing.T, files []customerFile, withLink, withoutLink shownFile) {
	t.Helper()
	w := newThreadWorld(t)
	for _, file := range files {
		t.Run(fmt.Sprintf("%s of %d bytes", file.name, len(file.data)), func(t *testing.T) {
			w := w.in(t)
			f := fileWith(file.name, file.contentType, file.data)
			wantEqual(t, "without a link", w.showFile(f), withoutLink)
			f.Link = func() (string, error) { return publicURL + file.name, nil }
			wantEqual(t, "with a link", w.showFile(f), withLink)
		})
	}
	w.wantNoProblems()
}

// Pictures of up to 1024 pixels each way are shown as they are if they are PNG or JPEG, whatever they are called: that
// is what Teams' apps can post.
// Requirement R-071: Files are shown in the thread.
func TestPicturesThatAreShown(t *testing.T) {
	t.Parallel()
	smallJPEG := encodeJPEG(t, 640, 480)
	asItIs := shownFile{picture: true}
	checkShown(t, []customerFile{
		{name: "photo.png", contentType: "image/png", data: encodePNG(t, 200, 150)},
		{name: "edge.png", contentType: "image/png", data: encodePNG(t, 1024, 1024)},
		{name: "full.png", contentType: "image/png", data: padTo(encodePNG(t, 64, 64), maxPictureBytes)},
		{name: "small.jpg", contentType: "image/jpeg", data: smallJPEG},
		{name: "shout.JPG", contentType: "IMAGE/JPEG", data: smallJPEG},
		{name: "mistaken.png", contentType: "image/png", data: smallJPEG},
	}, asItIs, asItIs)
}

// For other pictures a smaller copy is shown, as a PNG or JPEG, and a link leads to the picture itself.
// Requirement R-071: Files are shown in the thread.
func TestPicturesOfWhichACopyIsShown(t *testing.T) {
	t.Parallel()
	photo := encodeJPEG(t, 1600, 1200)
	checkShown(t, []customerFile{
		// Too large in pixels.
		{name: "wide.png", contentType: "image/png", data: encodePNG(t, 1025, 10)},
		{name: "high.png", contentType: "image/png", data: encodePNG(t, 10, 1025)},
		{name: "screen.png", contentType: "image/png", data: encodePNG(t, 1440, 900)},
		{name: "phone.jpg", contentType: "image/jpeg", data: photo},

		// Too large in bytes.
		{name: "over.png", contentType: "image/png", data: padTo(encodePNG(t, 64, 64), maxPictureBytes+1)},
		{name: "heavy.jpg", contentType: "image/jpeg", data: padTo(photo, 3<<20)},

		// Of another kind.
		{name: "still.gif", contentType: "image/gif", data: encodeGIF(t, 1)},
		{name: "moving.gif", contentType: "image/gif", data: encodeGIF(t, 2)},
		{name: "sticker.webp", contentType: "image/webp", data: onePixelWebP(t)},
	}, shownFile{picture: true, link: true}, shownFile{picture: true, reason: true})
}

// If a file isn't a picture that Parley can read, only a link leads to it.
// Requirement R-071: Files are shown in the thread.
func TestFilesToWhichALinkLeads(t *testing.T) {
	t.Parallel()
	checkShown(t, []customerFile{
		// Pictures of kinds that Parley doesn't read.
		{name: "photo.heic", contentType: "image/heic", data: []byte("\x00\x00\x00\x18ftypheic")},
		{name: "drawing.svg", contentType: "image/svg+xml", data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},

		// Broken pictures, one of which claims to be far too large.
		{name: "broken.png", contentType: "image/png", data: []byte("no picture")},
		{name: "cut.jpg", contentType: "image/jpeg", data: encodeJPEG(t, 1600, 1200)[:3000]},
		{name: "one.png", contentType: "image/png", data: []byte("x")},
		{name: "bomb.png", contentType: "image/png", data: pngThatClaims(t, 30000, 30000)},

		// Other files.
		{name: "plan.pdf", contentType: "application/pdf", data: []byte("%PDF-1.4")},
		{name: "one.bin", contentType: "application/octet-stream", data: []byte("x")},
		{name: "film.mp4", contentType: "video/mp4", data: make([]byte, 2*maxPictureBytes)},
		{name: "unknown", data: []byte("?")},
	}, shownFile{link: true}, shownFile{reason: true})
}

// turnedOnItsSide is an Exif block, a part of a JPEG which says that the picture must be turned to be upright.
const turnedOnItsSide = "\xff\xe1\x00\x22Exif\x00\x00" +
	"MM\x00*\x00\x00\x00\x08" + // big endian; the directory begins at byte 8
	"\x00\x01" + // one entry:
	"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00" + // orientation, a number of two bytes, 6
	"\x00\x00\x00\x00" // no further directory

// The smaller copy of a photo keeps the photo's shape and orientation.
func TestCopyOfAPhoto(t *testing.T) {
	t.Parallel()
	plain := encodeJPEG(t, 2000, 1000)
	photo := slices.Concat(plain[:2], []byte(turnedOnItsSide), plain[2:])
	p, err := shrinkPicture(t.Context(), fileWith("a.jpg", "image/jpeg", photo))
	noError(t, err)
	c, format, err := image.DecodeConfig(bytes.NewReader(p.data))
	noError(t, err)
	wantEqual(t, "format", format, "jpeg")
	wantEqual(t, "content type", p.mimeType, "image/jpeg")
	wantEqual(t, "width", c.Width, 1024)
	wantEqual(t, "height", c.Height, 512)
	wantEqual(t, "it says which side is up", bytes.Contains(p.data, []byte(turnedOnItsSide)), true)
}

// diagonal makes a picture of a diagonal line.
func diagonal(width, height int) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.White, color.RGBA{R: 200, A: 255}})
	for x := range width {
		img.SetColorIndex(x, x*height/width, 1)
	}
	return img
}

func encodePNG(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	noError(t, png.Encode(&b, diagonal(width, height)))
	return b.Bytes()
}

func encodeJPEG(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	noError(t, jpeg.Encode(&b, diagonal(width, height), nil))
	return b.Bytes()
}

// encodeGIF makes a GIF with the given number of frames.
func encodeGIF(t *testing.T, frames int) []byte {
	t.Helper()
	var all gif.GIF
	for range frames {
		all.Image, all.Delay = append(all.Image, diagonal(40, 30)), append(all.Delay, 1)
	}
	var b bytes.Buffer
	noError(t, gif.EncodeAll(&b, &all))
	return b.Bytes()
}

// padTo makes a picture as long as size, with bytes after its end that readers of pictures ignore.
func padTo(data []byte, size int) []byte {
	if len(data) >= size {
		return data
	}
	return append(data, make([]byte, size-len(data))...)
}

// pngThatClaims returns a PNG of one pixel that claims to be of another size.
func pngThatClaims(t *testing.T, width, height uint32) []byte {
	t.Helper()
	data := encodePNG(t, 1, 1)
	ihdr := data[12:29] // the type and content of the first block, behind the signature and the block's length
	binary.BigEndian.PutUint32(ihdr[4:], width)
	binary.BigEndian.PutUint32(ihdr[8:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(ihdr))
	return data
}

func onePixelWebP(t *testing.T) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	noError(t, err)
	return data
}
