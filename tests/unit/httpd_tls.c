/*
 * TLS for the test's server. OpenSSL is not needed to build difypool, so neither is it for its
 * tests: where its headers are missing, httpd_make_certificate says no and the tests that need TLS
 * are skipped.
 */
#include "httpd_tls.h"

#include "httpd.h"

#ifdef HAVE_OPENSSL

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static BIO *reader(const char *pem) {
  return BIO_new_mem_buf(pem, -1);
}

void *httpd_tls_new(const char *pem_cert, const char *pem_key) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  BIO *cert_bio = reader(pem_cert), *key_bio = reader(pem_key);
  X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
  if (!context || SSL_CTX_use_certificate(context, cert) != 1 ||
      SSL_CTX_use_PrivateKey(context, key) != 1)
    abort();
  X509_free(cert);
  EVP_PKEY_free(key);
  BIO_free(cert_bio);
  BIO_free(key_bio);
  return context;
}

void httpd_tls_free(void *context) {
  SSL_CTX_free(context);
}

void *httpd_tls_accept(void *context, int fd) {
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  if (SSL_accept(tls) == 1)
    return tls;
  SSL_free(tls);
  return NULL;
}

void httpd_tls_close(void *tls) {
  SSL_free(tls);
}

ssize_t httpd_tls_read(void *tls, void *data, size_t length) {
  size_t got = 0;
  return SSL_read_ex(tls, data, length, &got) ? (ssize_t)got : -1;
}

ssize_t httpd_tls_write(void *tls, const void *data, size_t length) {
  size_t sent = 0;
  return SSL_write_ex(tls, data, length, &sent) ? (ssize_t)sent : -1;
}

static char *text_of(BIO *bio) {
  char *data;
  long length = BIO_get_mem_data(bio, &data);
  char *text = strndup(data, (size_t)length);
  BIO_free(bio);
  return text;
}

static void extend(X509 *cert, int what, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

bool httpd_make_certificate(char **pem_cert, char **pem_key) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             (const unsigned char *)"difypool test", -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(cert));
  X509_set_pubkey(cert, key);
  extend(cert, NID_basic_constraints, "critical,CA:TRUE");
  extend(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  X509_sign(cert, key, EVP_sha256());
  BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(cert_bio, cert);
  PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
  *pem_cert = text_of(cert_bio);
  *pem_key = text_of(key_bio);
  X509_free(cert);
  EVP_PKEY_free(key);
  return true;
}

#else

#include <stdlib.h>

void *httpd_tls_new(const char *pem_cert, const char *pem_key) {
  (void)pem_cert, (void)pem_key;
  abort();
}

void httpd_tls_free(void *context) {
  (void)context;
}

void *httpd_tls_accept(void *context, int fd) {
  (void)context, (void)fd;
  return NULL;
}

void httpd_tls_close(void *tls) {
  (void)tls;
}

ssize_t httpd_tls_read(void *tls, void *data, size_t length) {
  (void)tls, (void)data, (void)length;
  return -1;
}

ssize_t httpd_tls_write(void *tls, const void *data, size_t length) {
  (void)tls, (void)data, (void)length;
  return -1;
}

bool httpd_make_certificate(char **pem_cert, char **pem_key) {
  (void)pem_cert, (void)pem_key;
  return false;
}

#endif
