//! Files made byte by byte here, so that neither our writer nor another program decides what is
//! right; and what we write, read by the crate `nifti`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;

use corsai_nifti::{DataType, Geometry, Image, NiftiError, Reader, write};
use flate2::{Compression, write::GzEncoder};
use nifti::{IntoNdArray, NiftiObject, ReaderOptions};
use proptest::prelude::*;

/// A file's header and voxels, as the standard lays them out.
#[derive(Clone)]
struct File {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl File {
    /// A little-endian file of i16 voxels.
    fn new(size: [usize; 3], voxels: &[i16]) -> Self {
        Self::of(size, 4, 16, false, &voxels.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
    }

    fn of(size: [usize; 3], code: i16, bits: i16, big_endian: bool, voxels: &[u8]) -> Self {
        let mut file = Self { bytes: vec![0; 352], big_endian };
        file.put(0, 348_i32.to_le_bytes());
        file.put(40, 3_i16.to_le_bytes());
        for (i, side) in size.into_iter().chain([1; 4]).enumerate() {
            file.put(42 + 2 * i, i16::try_from(side).unwrap().to_le_bytes());
        }
        file.put(70, code.to_le_bytes());
        file.put(72, bits.to_le_bytes());
        for i in 0..8 {
            file.float(76 + 4 * i, 1.0);
        }
        file.float(108, 352.0);
        file.bytes[344..348].copy_from_slice(b"n+1\0");
        file.bytes.extend_from_slice(voxels);
        file
    }

    fn put<const N: usize>(&mut self, at: usize, mut little_endian: [u8; N]) {
        if self.big_endian {
            little_endian.reverse();
        }
        self.bytes[at..at + N].copy_from_slice(&little_endian);
    }

    fn float(&mut self, at: usize, value: f32) {
        self.put(at, value.to_le_bytes());
    }

    fn short(mut self, at: usize, value: i16) -> Self {
        self.put(at, value.to_le_bytes());
        self
    }

    fn floats(mut self, at: usize, values: &[f32]) -> Self {
        for (i, value) in values.iter().enumerate() {
            self.float(at + 4 * i, *value);
        }
        self
    }

    fn sform(self, rows: [[f32; 4]; 3]) -> Self {
        self.short(254, 1).floats(280, rows.as_flattened())
    }

    fn read(&self) -> Result<Image<i16>, NiftiError> {
        read(&self.bytes)
    }
}

fn read(bytes: &[u8]) -> Result<Image<i16>, NiftiError> {
    Reader::new(bytes)?.image(1 << 20, |value| (value.abs() < 32_768.0).then_some(value as i16))
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Columns, rows and slices of the synthetic volume, and their distances.
const SIZE: [usize; 3] = [4, 3, 5];
const MM: [f32; 3] = [0.75, 0.5, 2.5];
/// Patient coordinates (LPS) of its first voxel.
const CORNER: [f32; 3] = [-30.0, -20.0, 10.0];

/// A value for a voxel that no other has.
fn value([column, row, slice]: [usize; 3]) -> i16 {
    (column + 10 * row + 100 * slice) as i16
}

fn canonical() -> Image<i16> {
    let [columns, rows, slices] = SIZE;
    let all = (0..slices).flat_map(|z| (0..rows).flat_map(move |y| (0..columns).map(move |x| [x, y, z])));
    let [a, b, c] = MM.map(f64::from);
    let [x, y, z] = CORNER.map(f64::from);
    Image {
        geometry: Geometry { size: SIZE, patient_from_voxel: [[a, 0.0, 0.0, x], [0.0, b, 0.0, y], [0.0, 0.0, c, z]] },
        orientation_known: true,
        voxels: all.map(value).collect(),
    }
}

/// Returns the volume as a file with its axes in another order and direction, and the matrix (RAS)
/// of that file.
fn stored(order: [usize; 3], falls: [bool; 3]) -> (File, [[f32; 4]; 3]) {
    let size = order.map(|axis| SIZE[axis]);
    let place = |index: [usize; 3]| {
        let mut voxel = [0; 3];
        for axis in 0..3 {
            voxel[order[axis]] = if falls[axis] { size[axis] - 1 - index[axis] } else { index[axis] };
        }
        voxel
    };
    let mut voxels = Vec::new();
    for k in 0..size[2] {
        for j in 0..size[1] {
            voxels.extend((0..size[0]).map(|i| value(place([i, j, k]))));
        }
    }
    let mut rows = [[0.0; 4]; 3];
    let first = place([0; 3]);
    for (patient, row) in rows.iter_mut().enumerate() {
        // x and y change their signs between LPS and RAS.
        let sign = if patient < 2 { -1.0 } else { 1.0 };
        for axis in 0..3 {
            let step = if falls[axis] { -MM[order[axis]] } else { MM[order[axis]] };
            row[axis] = if order[axis] == patient { sign * step } else { 0.0 };
        }
        row[3] = sign * (CORNER[patient] + MM[patient] * first[patient] as f32);
    }
    let spacing = order.map(|axis| MM[axis]);
    (File::new(size, &voxels).floats(80, &spacing), rows)
}

fn orientations() -> impl Iterator<Item = ([usize; 3], [bool; 3])> {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    orders.into_iter().flat_map(|order| (0..8).map(move |bits| (order, [0, 1, 2].map(|axis| bits >> axis & 1 == 1))))
}

/// b, c and d of the rotation whose columns are the matrix's directions, and qfac (`nifti1_io`'s
/// method by the largest component).
fn quaternion(rows: [[f32; 4]; 3]) -> ([f32; 3], f32) {
    let mut r: [[f64; 3]; 3] = std::array::from_fn(|row| {
        std::array::from_fn(|axis| {
            let length = (0..3).map(|i| f64::from(rows[i][axis]).powi(2)).sum::<f64>().sqrt();
            f64::from(rows[row][axis]) / length
        })
    });
    let determinant = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1])
        - r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0])
        + r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
    let qfac = if determinant < 0.0 { -1.0 } else { 1.0 };
    for row in &mut r {
        row[2] *= qfac;
    }
    let [xx, yy, zz] = [r[0][0], r[1][1], r[2][2]];
    let a = 0.5 * (1.0 + xx + yy + zz).max(0.0).sqrt();
    let (b, c, d);
    if a > 0.5 {
        (b, c, d) = ((r[2][1] - r[1][2]) / (4.0 * a), (r[0][2] - r[2][0]) / (4.0 * a), (r[1][0] - r[0][1]) / (4.0 * a));
    } else {
        let x = 0.5 * (1.0 + xx - yy - zz).max(0.0).sqrt();
        let y = 0.5 * (1.0 + yy - xx - zz).max(0.0).sqrt();
        let z = 0.5 * (1.0 + zz - xx - yy).max(0.0).sqrt();
        let (mut quaternion, a) = if x >= y && x >= z {
            ([x, (r[0][1] + r[1][0]) / (4.0 * x), (r[0][2] + r[2][0]) / (4.0 * x)], (r[2][1] - r[1][2]) / (4.0 * x))
        } else if y >= z {
            ([(r[0][1] + r[1][0]) / (4.0 * y), y, (r[1][2] + r[2][1]) / (4.0 * y)], (r[0][2] - r[2][0]) / (4.0 * y))
        } else {
            ([(r[0][2] + r[2][0]) / (4.0 * z), (r[1][2] + r[2][1]) / (4.0 * z), z], (r[1][0] - r[0][1]) / (4.0 * z))
        };
        if a < 0.0 {
            quaternion = quaternion.map(|value| -value);
        }
        [b, c, d] = quaternion;
    }
    ([b, c, d].map(|value| value as f32), qfac as f32)
}

fn close(found: &Image<i16>, expected: &Image<i16>) {
    assert_eq!((found.geometry.size, &found.voxels), (expected.geometry.size, &expected.voxels));
    let pairs = found.geometry.patient_from_voxel.iter().flatten();
    for (a, b) in pairs.zip(expected.geometry.patient_from_voxel.iter().flatten()) {
        assert!((a - b).abs() < 1e-5, "{:?}", found.geometry);
    }
}

#[test]
fn all_48_orientations_are_one_volume_by_matrix() {
    let mut count = 0;
    for (order, falls) in orientations() {
        let (file, rows) = stored(order, falls);
        close(&file.sform(rows).read().unwrap(), &canonical());
        count += 1;
    }
    assert_eq!(count, 48);
}

#[test]
fn all_48_orientations_are_one_volume_by_quaternion() {
    for (order, falls) in orientations() {
        let (file, rows) = stored(order, falls);
        let (turn, qfac) = quaternion(rows);
        let offset = rows.map(|row| row[3]);
        let file = file.short(252, 1).floats(76, &[qfac]).floats(256, &turn).floats(268, &offset);
        close(&file.read().unwrap(), &canonical());
        // With both, the matrix has to say the same.
        close(&file.clone().sform(rows).read().unwrap(), &canonical());
        let mirrored = [rows[0].map(|value| -value), rows[1], rows[2]];
        assert_eq!(file.sform(mirrored).read(), Err(NiftiError::Orientation("matrix and quaternion differ")));
    }
}

#[test]
fn without_an_orientation_one_is_taken_and_said() {
    let (file, _) = stored([0, 1, 2], [false; 3]);
    let image = file.read().unwrap();
    assert!(!image.orientation_known);
    // Columns to the left as they are, rows from the front: the file's last row comes first.
    assert_eq!(image.voxels[..4], canonical().voxels[8..12]);
    let [x, y, z] = image.geometry.patient_from_voxel;
    assert_eq!([x[0], y[1], z[2]], MM.map(f64::from));
    assert_eq!([x[3], y[3], z[3]], [-1.125, -0.5, -5.0]);
}

#[test]
fn a_tilted_gantry_keeps_its_shear() {
    let (file, mut rows) = stored([0, 1, 2], [false; 3]);
    rows[1][2] = 0.7;
    // Either statement of the slices' distance is in use.
    for z in [2.5, 2.596_15] {
        let image = file.clone().floats(88, &[z]).sform(rows).read().unwrap();
        assert!((image.geometry.patient_from_voxel[1][2] + 0.7).abs() < 1e-6);
        assert_eq!(image.voxels, canonical().voxels);
    }
    assert!(matches!(file.floats(88, &[3.0]).sform(rows).read(), Err(NiftiError::Spacing(_))));
}

#[test]
fn every_type_in_both_byte_orders_is_read() {
    fn bytes<const N: usize>(big_endian: bool, value: impl Fn(i16) -> [u8; N]) -> Vec<u8> {
        let word = |v: i16| {
            let mut word = value(v);
            if big_endian {
                word.reverse();
            }
            word
        };
        (0..12).flat_map(word).collect()
    }
    for big in [false, true] {
        let files = [
            (2, 8, bytes(big, |v| (v as u8).to_le_bytes())),
            (256, 8, bytes(big, |v| (v as i8).to_le_bytes())),
            (4, 16, bytes(big, i16::to_le_bytes)),
            (512, 16, bytes(big, |v| (v as u16).to_le_bytes())),
            (8, 32, bytes(big, |v| i32::from(v).to_le_bytes())),
            (768, 32, bytes(big, |v| (v as u32).to_le_bytes())),
            (1024, 64, bytes(big, |v| i64::from(v).to_le_bytes())),
            (1280, 64, bytes(big, |v| (v as u64).to_le_bytes())),
            (16, 32, bytes(big, |v| f32::from(v).to_le_bytes())),
            (64, 64, bytes(big, |v| f64::from(v).to_le_bytes())),
        ];
        for (code, bits, voxels) in files {
            let file = File::of([3, 2, 2], code, bits, big, &voxels);
            let rows = [[-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
            let file = file.floats(112, &[2.0, -5.0]).sform(rows);
            let expected: Vec<i16> = (0..12).map(|v| 2 * v - 5).collect();
            assert_eq!(file.read().unwrap().voxels, expected, "{code} {big}");
            let compressed = read(&gzipped(&file.bytes)).unwrap();
            assert_eq!(compressed.voxels, expected, "{code} {big}");
        }
    }
}

#[test]
fn negative_numbers_keep_their_sign() {
    let read = |file: File| file.read().unwrap().voxels;
    let file = |code, bits, voxels: &[u8]| File::of([1, 1, 1], code, bits, false, voxels);
    assert_eq!(read(file(256, 8, &(-3_i8).to_le_bytes())), [-3]);
    assert_eq!(read(file(4, 16, &(-1000_i16).to_le_bytes())), [-1000]);
    assert_eq!(read(file(8, 32, &(-1000_i32).to_le_bytes())), [-1000]);
    assert_eq!(read(file(64, 64, &(-1000.0_f64).to_le_bytes())), [-1000]);
}

#[test]
fn what_is_no_ct_file_is_refused_by_its_kind() {
    let (file, rows) = stored([0, 1, 2], [false; 3]);
    let good = file.sform(rows);
    assert!(good.read().is_ok());
    let short = |at, value| good.clone().short(at, value).read().unwrap_err();
    let floats = |at, values: &[f32]| good.clone().floats(at, values).read().unwrap_err();
    // Sizes: none, negative, of no or too many dimensions.
    for (at, value) in [(42, 0), (44, -3), (46, i16::MIN), (40, 0), (40, 8), (40, -1)] {
        assert!(matches!(short(at, value), NiftiError::Sizes(_)), "{at} {value}");
    }
    let four = good.clone().short(40, 4).short(48, 2).read().unwrap_err();
    assert_eq!(four, NiftiError::Dimensions("4 × 3 × 5 × 2".into()));
    assert!(good.clone().short(40, 4).read().is_ok(), "a fourth dimension of one volume");
    // Types.
    for (code, bits) in [(128, 24), (2304, 32), (32, 64), (1, 1), (1536, 128), (0, 0), (4, 32)] {
        let error = good.clone().short(70, code).short(72, bits).read().unwrap_err();
        assert!(matches!(error, NiftiError::Type(_)), "{code}: {error}");
    }
    assert!(short(70, 128).to_string().contains("colours"));
    // Numbers that are none; without any scale, NaN stands for none.
    assert!(good.clone().floats(112, &[f32::NAN, f32::NAN]).read().is_ok());
    for value in [f32::NAN, f32::INFINITY] {
        assert_eq!(floats(112, &[value, 7.0]), NiftiError::Scale);
        assert_eq!(floats(112, &[1.0, value]), NiftiError::Scale);
        assert!(matches!(floats(84, &[value]), NiftiError::Spacing(_)), "pixdim");
        assert!(matches!(floats(280, &[value]), NiftiError::Spacing(_)), "matrix");
        assert!(matches!(floats(292, &[value]), NiftiError::Spacing(_)), "offset");
        assert!(matches!(floats(108, &[value]), NiftiError::Sizes(_)));
    }
    assert!(matches!(floats(80, &[0.0]), NiftiError::Spacing(_)));
    assert!(matches!(floats(84, &[-0.5]), NiftiError::Spacing(_)));
    assert!(matches!(floats(108, &[10.0]), NiftiError::Sizes(_)));
    assert_eq!(floats(108, &[4000.0]), NiftiError::Truncated);
    // Two axes along one another.
    let flat = [[-0.8, -0.4, 0.0, 0.0], [-0.6, -0.3, 0.0, 0.0], rows[2]];
    let flat = good.clone().sform(flat).floats(80, &[1.0, 0.5, 2.5]);
    assert!(matches!(flat.read(), Err(NiftiError::Orientation(_))));
    // A quaternion of none.
    let turned = good.clone().short(254, 0).short(252, 1).floats(256, &[0.9, 0.9, 0.9]);
    assert!(matches!(turned.read(), Err(NiftiError::Orientation(_))));
    let mut metres = good.clone();
    metres.bytes[123] = 1;
    assert_eq!(metres.read(), Err(NiftiError::Units));
    // Magic words and other formats.
    for (magic, error) in
        [(b"ni1\0", NiftiError::Pair), (b"n+2\0", NiftiError::NotNifti), (b"\0\0\0\0", NiftiError::NotNifti)]
    {
        let mut file = good.clone();
        file.bytes[344..348].copy_from_slice(magic);
        assert_eq!(file.read(), Err(error));
    }
    let mut second = good.clone();
    second.put(0, 540_i32.to_le_bytes());
    assert_eq!(second.read(), Err(NiftiError::Nifti2));
    for bytes in [&b""[..], b"DICM", &[0; 500]] {
        assert_eq!(read(bytes), Err(NiftiError::NotNifti));
    }
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    let (file, rows) = stored([0, 1, 2], [false; 3]);
    let bytes = file.sform(rows).bytes;
    for end in 0..bytes.len() {
        let expected = if end < 348 { NiftiError::NotNifti } else { NiftiError::Truncated };
        assert_eq!(read(&bytes[..end]), Err(expected), "{end}");
    }
    let compressed = gzipped(&bytes);
    for end in 0..compressed.len() {
        assert!(read(&compressed[..end]).is_err(), "{end}");
    }
    let mut damaged = compressed.clone();
    let middle = damaged.len() - 12;
    damaged[middle] ^= 0x55;
    assert!(matches!(read(&damaged), Err(NiftiError::Compression | NiftiError::Truncated)));
    // Several gzip members, as parallel compressors write them.
    let (one, two) = bytes.split_at(370);
    assert_eq!(read(&[gzipped(one), gzipped(two)].concat()), read(&bytes));
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let file = File::new([1, 1, 1], &[0]).short(42, i16::MAX).short(44, i16::MAX).short(46, i16::MAX);
    let most = 1 << 20;
    let expected = NiftiError::TooLarge { voxels: 32_767_u64.pow(3), most };
    assert_eq!(file.read(), Err(expected));
    // Within the limit, and with no data behind the header.
    assert_eq!(File::new([1, 1, 1], &[]).short(42, 1000).short(44, 1000).read(), Err(NiftiError::Truncated));
}

#[test]
fn a_value_that_the_caller_does_not_take_is_named() {
    let file = File::of([1, 1, 1], 16, 32, false, &f32::NAN.to_le_bytes());
    assert_eq!(file.read(), Err(NiftiError::Value("NaN".into())));
}

#[test]
fn grids_are_the_same_up_to_rounding() {
    let one = canonical().geometry;
    let moved = |by: f64| {
        let mut other = one.clone();
        other.patient_from_voxel[0][3] += by;
        one.agrees_with(&other)
    };
    assert!(moved(0.0) && moved(0.1) && !moved(0.2) && !moved(f64::NAN));
    let mut other = one.clone();
    other.size[2] += 1;
    assert!(!one.agrees_with(&other));
    let mut mirrored = one.clone();
    mirrored.patient_from_voxel[0][0] *= -1.0;
    assert!(!one.agrees_with(&mirrored));
}

#[test]
fn what_is_written_another_reader_reads() {
    let image = canonical();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.nii.gz");
    let steps: Vec<u16> = image.voxels.iter().map(|value| value.cast_unsigned()).collect();
    let file = std::fs::File::create(&path).unwrap();
    write(file, &image.geometry, 1.0 / 2048.0, &steps).unwrap();
    let other = ReaderOptions::new().read_file(&path).unwrap();
    let header = other.header();
    assert_eq!((header.dim, header.sform_code, header.qform_code), ([3, 4, 3, 5, 1, 1, 1, 1], 1, 0));
    assert_eq!((header.srow_x, header.srow_y), ([-0.75, 0.0, 0.0, 30.0], [0.0, -0.5, 0.0, 20.0]));
    assert_eq!((header.srow_z, header.pixdim[1..4].to_vec()), ([0.0, 0.0, 2.5, 10.0], MM.to_vec()));
    let values = other.into_volume().into_ndarray::<f32>().unwrap();
    assert_eq!(values.shape(), [4, 3, 5]);
    assert_eq!(values[[3, 2, 4]], 423.0 / 2048.0);

    let reader = Reader::new(std::fs::File::open(&path).unwrap()).unwrap();
    assert_eq!((reader.data_type(), reader.geometry()), (DataType::U16, &image.geometry));
    let again = reader.image(60, |value| Some((value * 2048.0).round() as i16)).unwrap();
    assert_eq!(again, image);
    assert!(write(Vec::new(), &image.geometry, 1.0, &steps[1..]).is_err());
    let long = Geometry { size: [40_000, 1, 1], ..image.geometry };
    assert!(write(Vec::new(), &long, 1.0, &vec![0_u8; 40_000]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_it_panic(changes in prop::collection::vec((0_usize..472, any::<u8>()), 1..24), compress: bool) {
        let (file, rows) = stored([2, 0, 1], [true, false, true]);
        let mut bytes = file.sform(rows).bytes;
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let bytes = if compress { gzipped(&bytes) } else { bytes };
        if let Ok(image) = read(&bytes) {
            prop_assert_eq!(image.voxels.len(), image.geometry.len());
            prop_assert!(image.geometry.patient_from_voxel.iter().flatten().all(|value| value.is_finite()));
        }
    }
}
