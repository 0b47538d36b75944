use std::io::Write;
fn main() {
    let mut a = std::env::args().skip(1);
    let out = a.next().unwrap();
    let v: Vec<f64> = a.map(|s| s.parse().unwrap()).collect();
    let o = corsai_phantom::PhantomOptions {
        share_left: v[0],
        share_right: v[1],
        seed: v[2] as u64,
        columns: v[3] as usize,
        slices: v[4] as usize,
        ..Default::default()
    };
    let t = std::time::Instant::now();
    let p = corsai_phantom::Phantom::make(o).unwrap();
    eprintln!("{:?} {:?}", t.elapsed(), p.truth());
    std::fs::create_dir_all(format!("{out}/dicom")).unwrap();
    std::fs::File::create(format!("{out}/hu.raw"))
        .unwrap()
        .write_all(&p.hu().iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
        .unwrap();
    std::fs::write(format!("{out}/labels.raw"), p.labels()).unwrap();
    for (n, b) in p.dicom_files() {
        std::fs::write(format!("{out}/dicom/{n}"), b).unwrap();
    }
}
