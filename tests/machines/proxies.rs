//! Proxies of both kinds, in threads of their own.

use std::future::Future;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Listens on a port, for as long as the process lives, and does `work` with each connection.
pub(crate) fn on_each<W>(work: impl Fn(TcpStream) -> W + Send + 'static) -> u16
where
    W: Future<Output = ()> + Send + 'static,
{
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(work(stream));
            }
        });
    });
    port
}

/// A SOCKS5 server (RFC 1928, 1929) that wants this name and password, if any.
pub(crate) fn socks(login: Option<(&'static str, &'static str)>) -> u16 {
    on_each(move |mut stream| async move {
        let mut head = [0; 2];
        stream.read_exact(&mut head).await.unwrap();
        let mut methods = vec![0; head[1].into()];
        stream.read_exact(&mut methods).await.unwrap();
        stream.write_all(&[5, if login.is_some() { 2 } else { 0 }]).await.unwrap();
        if let Some((name, password)) = login {
            let mut wanted = vec![1, name.len() as u8];
            wanted.extend_from_slice(name.as_bytes());
            wanted.push(password.len() as u8);
            wanted.extend_from_slice(password.as_bytes());
            let mut given = vec![0; wanted.len()];
            stream.read_exact(&mut given).await.unwrap();
            stream.write_all(&[1, u8::from(given != wanted)]).await.unwrap();
        }
        let mut request = [0; 4];
        stream.read_exact(&mut request).await.unwrap();
        assert_eq!(request[..2], [5, 1]);
        let host = match request[3] {
            1 => {
                let mut address = [0; 4];
                stream.read_exact(&mut address).await.unwrap();
                std::net::Ipv4Addr::from(address).to_string()
            }
            _ => {
                let mut name = vec![0; stream.read_u8().await.unwrap().into()];
                stream.read_exact(&mut name).await.unwrap();
                String::from_utf8(name).unwrap()
            }
        };
        let port = stream.read_u16().await.unwrap();
        let mut server = TcpStream::connect((host.as_str(), port)).await.unwrap();
        stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut server).await;
    })
}

/// An HTTP proxy that knows `CONNECT`, and wants this header, if any.
pub(crate) fn http(wanted: Option<&'static str>) -> u16 {
    on_each(move |stream| async move {
        let mut stream = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let given = wanted.is_none_or(|wanted| lines.iter().any(|line| line.eq_ignore_ascii_case(wanted)));
        if !given {
            let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(refusal).await.unwrap();
            return;
        }
        let target = lines[0].split(' ').nth(1).unwrap();
        let mut server = TcpStream::connect(target).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut server).await;
    })
}
