//go:build libcrypto && linux

package keyring

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the file of OpenSSL 3, which makes RSA signatures four times as fast as Go.
const library = "libcrypto.so.3"

// openSSL are the addresses of the functions we call. They are called with SyscallN, which allocates
// nothing; a pointer that C must not keep past the call is kept alive by its escaping.
type openSSL struct {
	version string

	readKey, freeKey, keySize               uintptr
	newContext, freeContext, initSign, sign uintptr
	setPadding, setSaltLength, setDigest    uintptr
	sha256, sha384, sha512                  uintptr
}

// Of openssl/rsa.h.
const (
	paddingPKCS1     = 1
	paddingPSS       = 6
	saltLengthDigest = ^uintptr(0) // -1: as long as the digest
)

// loaded is OpenSSL, or why it cannot be had.
var loaded = sync.OnceValues(func() (*openSSL, error) { return load(library) })

func load(file string) (*openSSL, error) {
	handle, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	var o openSSL
	var version uintptr
	for name, to := range map[string]*uintptr{
		"OpenSSL_version": &version, "d2i_AutoPrivateKey": &o.readKey, "EVP_PKEY_free": &o.freeKey, "EVP_PKEY_get_size": &o.keySize,
		"EVP_PKEY_CTX_new": &o.newContext, "EVP_PKEY_CTX_free": &o.freeContext, "EVP_PKEY_sign_init": &o.initSign, "EVP_PKEY_sign": &o.sign,
		"EVP_PKEY_CTX_set_rsa_padding": &o.setPadding, "EVP_PKEY_CTX_set_rsa_pss_saltlen": &o.setSaltLength, "EVP_PKEY_CTX_set_signature_md": &o.setDigest,
		"EVP_sha256": &o.sha256, "EVP_sha384": &o.sha384, "EVP_sha512": &o.sha512,
	} {
		if *to, err = purego.Dlsym(handle, name); err != nil {
			return nil, err
		}
	}
	var text func(int32) string
	purego.RegisterFunc(&text, version)
	o.version = text(0)
	return &o, nil
}

// Signer names what makes RSA signatures.
func Signer() string {
	o, err := loaded()
	if err != nil {
		return fmt.Sprintf("Go's crypto/rsa, for %s cannot be loaded: %v", library, err)
	}
	return "libcrypto of " + o.version
}

func newRSAPrivate(private *rsa.PrivateKey, der []byte) rsaPrivate {
	o, err := loaded()
	if err != nil {
		return goRSA{private}
	}
	k, err := o.read(der)
	if err != nil {
		return goRSA{private}
	}
	return k
}

// cRSA is a private key in OpenSSL's memory. It is freed when Go has no use for it any more.
type cRSA struct {
	*openSSL
	key        uintptr
	size       int       // of a signature in bytes
	operations sync.Pool // of *operation
}

func (o *openSSL) read(der []byte) (*cRSA, error) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(der))) // OpenSSL moves it on
	key, _, _ := purego.SyscallN(o.readKey, 0, uintptr(unsafe.Pointer(&at)), uintptr(len(der)))
	runtime.KeepAlive(der)
	if key == 0 {
		return nil, errors.New("libcrypto cannot read the key")
	}
	size, _, _ := purego.SyscallN(o.keySize, key)
	k := &cRSA{openSSL: o, key: key, size: int(size)}
	runtime.AddCleanup(k, func(key uintptr) { purego.SyscallN(o.freeKey, key) }, key)
	return k, nil
}

// operation is an EVP_PKEY_CTX set up to sign by an algorithm. It serves one goroutine at a time.
type operation struct {
	at        uintptr
	signature []byte
	length    uintptr
}

// newOperation prepares one; it holds a reference of its own to the key.
func (k *cRSA) newOperation(a algorithm) (*operation, error) {
	at, _, _ := purego.SyscallN(k.newContext, k.key, 0)
	if at == 0 {
		return nil, errors.New("libcrypto has no memory")
	}
	c := &operation{at: at, signature: make([]byte, k.size)}
	o := k.openSSL
	runtime.AddCleanup(c, func(at uintptr) { purego.SyscallN(o.freeContext, at) }, at)

	steps := [][]uintptr{{o.initSign, at}, {o.setPadding, at, paddingPKCS1}, {o.setDigest, at, o.digest(a.hash)}}
	if a.pss {
		steps[1][2] = paddingPSS
		steps = append(steps, []uintptr{o.setSaltLength, at, saltLengthDigest})
	}
	for _, s := range steps {
		if ok, _, _ := purego.SyscallN(s[0], s[1:]...); int32(ok) != 1 {
			return nil, errors.New("libcrypto refuses the algorithm")
		}
	}
	return c, nil
}

func (o *openSSL) digest(h crypto.Hash) uintptr {
	f := o.sha256
	switch h {
	case crypto.SHA384:
		f = o.sha384
	case crypto.SHA512:
		f = o.sha512
	}
	md, _, _ := purego.SyscallN(f)
	return md
}

// signDigest is called with one algorithm only, the key's own, so that operations can be used again.
func (k *cRSA) signDigest(dst, digest []byte, a algorithm) ([]byte, error) {
	c, _ := k.operations.Get().(*operation)
	if c == nil {
		var err error
		if c, err = k.newOperation(a); err != nil {
			return dst, err
		}
	}
	c.length = uintptr(len(c.signature))
	ok, _, _ := purego.SyscallN(k.sign, c.at, uintptr(unsafe.Pointer(unsafe.SliceData(c.signature))), uintptr(unsafe.Pointer(&c.length)),
		uintptr(unsafe.Pointer(unsafe.SliceData(digest))), uintptr(len(digest)))
	runtime.KeepAlive(k)
	if int32(ok) != 1 {
		return dst, errors.New("libcrypto cannot sign")
	}
	dst = append(dst, c.signature[:c.length]...)
	k.operations.Put(c)
	return dst, nil
}
