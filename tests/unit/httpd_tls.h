/* httpd_tls.h - TLS for the test's server, by OpenSSL; without it all of these abort or say no. */
#ifndef HTTPD_TLS_H
#define HTTPD_TLS_H

#include <stddef.h>
#include <sys/types.h>

void *httpd_tls_new(const char *pem_cert, const char *pem_key);
void httpd_tls_free(void *context);
/* httpd_tls_accept - shake hands; NULL if the client did not want to. */
void *httpd_tls_accept(void *context, int fd);
void httpd_tls_close(void *tls);
ssize_t httpd_tls_read(void *tls, void *data, size_t length);
ssize_t httpd_tls_write(void *tls, const void *data, size_t length);

#endif
