//! The archive with the stand-in for the handler of run commands, as the agent downloads it.

/// Files in a zip archive, stored as they are.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in files {
        let offset = size(archive.len());
        let mut header = Vec::new();
        // Version 2.0, no flags, stored, and the first moment that the format knows.
        for half in [20_u16, 0, 0, 0, 0x21] {
            header.extend(half.to_le_bytes());
        }
        for word in [checksum(content), size(content.len()), size(content.len())] {
            header.extend(word.to_le_bytes());
        }
        header.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        header.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&header);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        // Made on Unix, which says that the attributes are a file's mode.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&header);
        directory.extend([0; 6]);
        directory.extend((0o100_755_u32 << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    let begin = size(archive.len()).to_le_bytes();
    let length = size(directory.len()).to_le_bytes();
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    for part in [&count[..], &count, &length, &begin, &[0, 0]] {
        archive.extend(part);
    }
    archive
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// CRC-32 as zip has it.
fn checksum(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn an_archive_ends_with_the_place_of_its_directory() {
        let archive = zip(&[("a", b"one"), ("bb", b"")]);
        let end = archive.len() - 22;
        assert_eq!(&archive[end..end + 4], b"PK\x05\x06");
        let begin = u32::from_le_bytes(archive[end + 16..end + 20].try_into().unwrap()) as usize;
        assert_eq!(&archive[begin..begin + 4], b"PK\x01\x02");
    }
}
