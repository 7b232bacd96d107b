//! Behind a proxy: what goes to Azure goes through it, and nothing else.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use azimage_end_to_end::{Kind, Test, manifests};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// Where connections were asked for.
type Asked = Arc<Mutex<BTreeSet<String>>>;

/// A proxy that connects whoever asks for it.
async fn proxy() -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Asked::default());
    let seen = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connect(stream, seen.clone()));
        }
    });
    (address, asked)
}

async fn connect(stream: TcpStream, asked: Asked) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await.ok()?;
    let target = request.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    asked.lock().unwrap().insert(target.clone());
    let mut header = String::new();
    while stream.read_line(&mut header).await.ok()? > 2 {
        header.clear();
    }
    let mut upstream = TcpStream::connect(&target).await.ok()?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut stream, &mut upstream).await.ok()?;
    Some(())
}

#[tokio::test]
async fn azure_is_reached_through_the_proxy_and_the_api_server_is_not() {
    let test = Test::new("proxy").await;
    let source = test.azure.golden().await;
    let (address, asked) = proxy().await;
    let url = format!("http://{address}");
    let variables = [("HTTPS_PROXY", url.as_str()), ("https_proxy", &url), ("NO_PROXY", "169.254.169.254")];
    let controller = test.start_in(&[], &variables);
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    test.ready(Kind::Version, "web").await;
    let simulator = &test.azure.simulator;
    let host = |url: &str| url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let expected = BTreeSet::from([host(&simulator.arm), host(&simulator.authority)]);
    assert_eq!(*asked.lock().unwrap(), expected);
    test.finish(Some(controller)).await;

    let test = Test::new("no-proxy").await;
    let source = test.azure.golden().await;
    let (address, asked) = proxy().await;
    let url = format!("http://{address}");
    let controller = test.start_in(&[], &[("HTTPS_PROXY", &url), ("NO_PROXY", "169.254.169.254,127.0.0.1,localhost")]);
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    test.ready(Kind::Version, "web").await;
    assert!(asked.lock().unwrap().is_empty(), "{asked:?}");
    test.finish(Some(controller)).await;
}
